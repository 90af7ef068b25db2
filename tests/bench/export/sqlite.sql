-- What people.csv of an export holds, as somebody would write it by hand: the columns of people, with their categories joined.
-- The times stay numbers, which is less work than the export has.
.mode csv
.headers on
.output @FILE@
SELECT hex(p.id) AS id, p.name, p.company, p.title, p.email, p.phone, p.mobile, p.fax, p.url, p.address, p.city, p.state, p.zip,
       p.country, p.notes,
       (SELECT group_concat(c.name, ' ::: ') FROM item_categories AS i
        JOIN categories AS c ON c.account_id = i.account_id AND c.id = i.category_id
        WHERE i.account_id = p.account_id AND i.item_id = p.id AND c.deleted_at IS NULL) AS categories,
       p.created_at, p.updated_at
FROM people AS p
WHERE p.account_id = (SELECT account_id FROM accounts) AND p.deleted_at IS NULL
ORDER BY p.sort_key, p.id;
