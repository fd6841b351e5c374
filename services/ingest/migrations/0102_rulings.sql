-- Official judgements, and what lifted them.
CREATE TABLE judgement (
    home        text NOT NULL,
    judgement   uuid NOT NULL,
    partnership text NOT NULL,
    lifted_by   uuid,
    PRIMARY KEY (home, judgement)
);
-- Adopted rubrics: a version of a rubric means one thing for ever.
CREATE TABLE rubric (
    home    text NOT NULL,
    id      text NOT NULL,
    version integer NOT NULL,
    rubric  json NOT NULL,
    PRIMARY KEY (home, id, version)
);
