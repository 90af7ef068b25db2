-- The import that a careful engineer would write by hand for PostgreSQL: load the file, then write in sets. Folding is
-- only approximated, and nobody is told which rows were skipped and why. The file is the standard input.
\set ON_ERROR_STOP on
BEGIN;
CREATE TEMP TABLE staging (
    row_number BIGINT GENERATED ALWAYS AS IDENTITY,
    name TEXT, company TEXT, title TEXT, email TEXT, phone TEXT, mobile TEXT, address TEXT, city TEXT, state TEXT,
    zip TEXT, country TEXT, notes TEXT, categories TEXT
) ON COMMIT DROP;
\copy staging (name, company, title, email, phone, mobile, address, city, state, zip, country, notes, categories) FROM pstdin (FORMAT csv, HEADER)

-- Every row with its keys and an id of ascending order; `id` is the record that it means, once that is known.
CREATE TEMP TABLE keyed ON COMMIT DROP AS
SELECT *,
    lower(concat_ws(' - ', name, company)) AS sort_key,
    lower(email) AS email_key,
    lower(coalesce(name, '')) AS name_key,
    lower(coalesce(company, '')) AS company_key,
    concat_ws(' ', regexp_replace(phone, '[^0-9]', '', 'g'), regexp_replace(mobile, '[^0-9]', '', 'g')) AS phone_digits,
    lower(coalesce(city, '')) AS city_key,
    lower(coalesce(state, '')) AS state_key,
    lower(coalesce(country, '')) AS country_key,
    (lpad(to_hex((extract(epoch FROM now()) * 1000)::bigint), 12, '0') || '70008000' || lpad(to_hex(row_number), 12, '0'))::uuid
        AS id,
    (SELECT account_id FROM accounts) AS account_id,
    (extract(epoch FROM now()) * 1000000)::bigint AS now
FROM (
    SELECT row_number, nullif(btrim(name), '') AS name, nullif(btrim(company), '') AS company,
        nullif(btrim(title), '') AS title, nullif(btrim(email), '') AS email, nullif(btrim(phone), '') AS phone,
        nullif(btrim(mobile), '') AS mobile, nullif(address, '') AS address, nullif(btrim(city), '') AS city,
        nullif(btrim(state), '') AS state, nullif(btrim(zip), '') AS zip, nullif(btrim(country), '') AS country,
        nullif(notes, '') AS notes, categories
    FROM staging
) AS cleaned;
ANALYZE keyed;

-- Rows that repeat an earlier one: by e-mail, then by name and company where one of the two has no e-mail.
CREATE TEMP TABLE repeated ON COMMIT DROP AS
SELECT row_number FROM (
    SELECT row_number, email_key,
        min(row_number) OVER (PARTITION BY email_key) AS of_email,
        min(row_number) OVER (PARTITION BY name_key, company_key) AS of_name,
        min(row_number) FILTER (WHERE email_key IS NULL) OVER (PARTITION BY name_key, company_key) AS without_email
    FROM keyed
) AS earlier
WHERE CASE WHEN email_key IS NULL THEN of_name < row_number
    ELSE of_email < row_number OR without_email < row_number END;

-- People who are there already.
CREATE TEMP TABLE met ON COMMIT DROP AS
SELECT DISTINCT ON (row_number) row_number, person_id FROM (
    SELECT keyed.row_number, people.id AS person_id, 1 AS rank
    FROM keyed JOIN people USING (account_id, email_key) WHERE people.deleted_at IS NULL
    UNION ALL
    SELECT keyed.row_number, people.id, 2
    FROM keyed JOIN people USING (account_id, name_key, company_key)
    WHERE people.deleted_at IS NULL AND (keyed.email_key IS NULL OR people.email_key IS NULL)
) AS candidates
ORDER BY row_number, rank, person_id;
ANALYZE repeated;
ANALYZE met;

CREATE TEMP TABLE fresh ON COMMIT DROP AS
SELECT keyed.* FROM keyed
WHERE NOT EXISTS (SELECT FROM repeated WHERE repeated.row_number = keyed.row_number)
    AND NOT EXISTS (SELECT FROM met WHERE met.row_number = keyed.row_number);

INSERT INTO people (account_id, id, name, company, title, email, phone, mobile, address, city, state, zip, country, notes,
    sort_key, email_key, name_key, company_key, phone_digits, city_key, state_key, country_key, search_text,
    created_by, version, created_at, updated_at)
SELECT account_id, id, name, company, title, email, phone, mobile, address, city, state, zip, country, notes,
    sort_key, email_key, name_key, company_key, phone_digits, city_key, state_key, country_key,
    concat_ws(E'\n', sort_key, lower(title), email_key, lower(phone), lower(mobile), lower(address), lower(city),
        lower(state), lower(zip), lower(country), lower(notes), phone_digits),
    (SELECT id FROM users), 1, now, now
FROM fresh ORDER BY row_number;

SELECT gen_random_uuid() AS import \gset
CREATE TEMP TABLE named ON COMMIT DROP AS
SELECT account_id, id AS item_id, btrim(category) AS name, now
FROM fresh, unnest(string_to_array(categories, ' ::: ')) AS category WHERE btrim(category) <> '';
INSERT INTO categories (account_id, id, name, name_key, version, created_at, updated_at)
SELECT DISTINCT ON (account_id, lower(name)) account_id, gen_random_uuid(), name, lower(name), 1, now, now FROM named
ON CONFLICT DO NOTHING;
INSERT INTO item_categories (account_id, category_id, kind, item_id, import_id)
SELECT account_id, categories.id, 1, item_id, :'import'
FROM named JOIN categories USING (account_id) WHERE categories.name_key = lower(named.name) AND deleted_at IS NULL
ON CONFLICT DO NOTHING;

-- The journal: the rows that made (1) or met (3) somebody.
INSERT INTO import_records (account_id, import_id, row_number, record_id, kind, deed)
SELECT account_id, :'import', row_number, id, 1, 1 FROM fresh ORDER BY row_number;
INSERT INTO import_records (account_id, import_id, row_number, record_id, kind, deed)
SELECT account_id, :'import', row_number, person_id, 1, 3 FROM met JOIN keyed USING (row_number)
WHERE NOT EXISTS (SELECT FROM repeated WHERE repeated.row_number = keyed.row_number);
INSERT INTO outbox (account_id, id, topic, subject_id, user_id, created_at)
SELECT account_id, gen_random_uuid(), 'import.applied', :'import', (SELECT id FROM users),
    (extract(epoch FROM now()) * 1000000)::bigint FROM accounts;
COMMIT;
