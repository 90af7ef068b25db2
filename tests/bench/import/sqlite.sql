-- The import that a careful engineer would write by hand for SQLite: load the file, then write in sets. Folding is only
-- approximated, and nobody is told which rows were skipped and why. @FILE@ stands for the file.
.bail on
PRAGMA foreign_keys = ON;
PRAGMA synchronous = NORMAL;
PRAGMA cache_size = -65536;
BEGIN IMMEDIATE;
CREATE TEMP TABLE staging (
    name TEXT, company TEXT, title TEXT, email TEXT, phone TEXT, mobile TEXT, address TEXT, city TEXT, state TEXT,
    zip TEXT, country TEXT, notes TEXT, categories TEXT
);
.import --csv --skip 1 --schema temp "@FILE@" staging

-- Every row with its keys and an id of ascending order.
CREATE TEMP TABLE keyed AS
SELECT *,
    lower(CASE WHEN name IS NULL OR company IS NULL THEN coalesce(name, company) ELSE name || ' - ' || company END)
        AS sort_key,
    lower(email) AS email_key,
    lower(coalesce(name, '')) AS name_key,
    lower(coalesce(company, '')) AS company_key,
    trim(coalesce(replace(replace(replace(replace(phone, ' ', ''), '+', ''), '-', ''), '/', ''), '') || ' ' ||
        coalesce(replace(replace(replace(replace(mobile, ' ', ''), '+', ''), '-', ''), '/', ''), '')) AS phone_digits,
    lower(coalesce(city, '')) AS city_key,
    lower(coalesce(state, '')) AS state_key,
    lower(coalesce(country, '')) AS country_key,
    CAST(printf('%07x%09d', CAST(julianday('now') * 86400000 AS INTEGER) % 268435456, row_number) AS BLOB) AS id,
    (SELECT account_id FROM accounts) AS account_id,
    unixepoch() * 1000000 AS now
FROM (
    SELECT rowid AS row_number, nullif(trim(name), '') AS name, nullif(trim(company), '') AS company,
        nullif(trim(title), '') AS title, nullif(trim(email), '') AS email, nullif(trim(phone), '') AS phone,
        nullif(trim(mobile), '') AS mobile, nullif(address, '') AS address, nullif(trim(city), '') AS city,
        nullif(trim(state), '') AS state, nullif(trim(zip), '') AS zip, nullif(trim(country), '') AS country,
        nullif(notes, '') AS notes, categories
    FROM staging
);

-- Rows that repeat an earlier one: by e-mail, then by name and company where one of the two has no e-mail.
CREATE TEMP TABLE repeated (row_number INTEGER PRIMARY KEY);
INSERT INTO repeated
SELECT row_number FROM (
    SELECT row_number, email_key,
        min(row_number) OVER (PARTITION BY email_key) AS of_email,
        min(row_number) OVER (PARTITION BY name_key, company_key) AS of_name,
        min(row_number) FILTER (WHERE email_key IS NULL) OVER (PARTITION BY name_key, company_key) AS without_email
    FROM keyed
)
WHERE CASE WHEN email_key IS NULL THEN of_name < row_number
    ELSE of_email < row_number OR coalesce(without_email < row_number, 0) END;

-- People who are there already.
CREATE TEMP TABLE met (row_number INTEGER PRIMARY KEY, person_id BLOB);
INSERT OR IGNORE INTO met
SELECT keyed.row_number, people.id FROM keyed CROSS JOIN people USING (account_id, email_key)
WHERE people.deleted_at IS NULL ORDER BY keyed.row_number, people.id;
INSERT OR IGNORE INTO met
SELECT keyed.row_number, people.id FROM keyed CROSS JOIN people USING (account_id, name_key, company_key)
WHERE people.deleted_at IS NULL AND (keyed.email_key IS NULL OR people.email_key IS NULL)
ORDER BY keyed.row_number, people.id;

CREATE TEMP TABLE fresh AS
SELECT * FROM keyed
WHERE row_number NOT IN (SELECT row_number FROM repeated) AND row_number NOT IN (SELECT row_number FROM met);

INSERT INTO people (account_id, id, name, company, title, email, phone, mobile, address, city, state, zip, country, notes,
    sort_key, email_key, name_key, company_key, phone_digits, city_key, state_key, country_key, search_text,
    created_by, version, created_at, updated_at)
SELECT account_id, id, name, company, title, email, phone, mobile, address, city, state, zip, country, notes,
    sort_key, email_key, name_key, company_key, phone_digits, city_key, state_key, country_key,
    coalesce(sort_key, '') || coalesce(char(10) || lower(title), '') || coalesce(char(10) || email_key, '') ||
        coalesce(char(10) || lower(phone), '') || coalesce(char(10) || lower(mobile), '') ||
        coalesce(char(10) || lower(address), '') || coalesce(char(10) || lower(city), '') ||
        coalesce(char(10) || lower(state), '') || coalesce(char(10) || lower(zip), '') ||
        coalesce(char(10) || lower(country), '') || coalesce(char(10) || lower(notes), '') || char(10) || phone_digits,
    (SELECT id FROM users), 1, now, now
FROM fresh ORDER BY row_number;

CREATE TEMP TABLE import AS SELECT randomblob(16) AS id;
-- SQLite splits no text: as many names as a row has are taken off one by one.
CREATE TEMP TABLE named AS
WITH RECURSIVE names (account_id, item_id, now, name, rest) AS (
    SELECT account_id, id, now, NULL, categories || ' ::: ' FROM fresh WHERE categories <> ''
    UNION ALL
    SELECT account_id, item_id, now, trim(substr(rest, 1, instr(rest, ' ::: ') - 1)), substr(rest, instr(rest, ' ::: ') + 5)
    FROM names WHERE rest <> ''
)
SELECT account_id, item_id, now, name FROM names WHERE name <> '';
INSERT OR IGNORE INTO categories (account_id, id, name, name_key, version, created_at, updated_at)
SELECT account_id, randomblob(16), name, lower(name), 1, now, now FROM named GROUP BY account_id, lower(name);
INSERT OR IGNORE INTO item_categories (account_id, category_id, kind, item_id, import_id)
SELECT account_id, categories.id, 1, item_id, (SELECT id FROM import)
FROM named CROSS JOIN categories USING (account_id) WHERE categories.name_key = lower(named.name) AND deleted_at IS NULL;

-- The journal: the rows that made (1) or met (3) somebody.
INSERT INTO import_records (account_id, import_id, row_number, record_id, kind, deed)
SELECT account_id, (SELECT id FROM import), row_number, id, 1, 1 FROM fresh ORDER BY row_number;
INSERT INTO import_records (account_id, import_id, row_number, record_id, kind, deed)
SELECT (SELECT account_id FROM accounts), (SELECT id FROM import), row_number, person_id, 1, 3 FROM met
WHERE row_number NOT IN (SELECT row_number FROM repeated);
INSERT INTO outbox (account_id, id, topic, subject_id, user_id, created_at)
SELECT account_id, randomblob(16), 'import.applied', (SELECT id FROM import), (SELECT id FROM users),
    unixepoch() * 1000000 FROM accounts;
COMMIT;
