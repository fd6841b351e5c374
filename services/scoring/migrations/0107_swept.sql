-- What was settled long ago is found by this, and swept.
CREATE INDEX delivery_settled ON delivery (settled_at) WHERE settled_at IS NOT NULL;
