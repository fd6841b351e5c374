-- What whoever handed a file in was to the home: it stands in every event of the import.
ALTER TABLE import ADD COLUMN role text;
