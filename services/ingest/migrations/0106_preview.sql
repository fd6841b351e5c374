-- What of a file is shown to people before it is loaded: its headings, which of them is which field, and rows.
ALTER TABLE import ADD COLUMN preview json;
