// A Node script as the legacy API has them: fetch out, xml2js in. Usage: node api_php.js http://127.0.0.1:8080

const { parseStringPromise } = require('xml2js');

async function post(fields) {
  const login = { login_email: 'admin@acme.example', login_password: 'correct horse' };
  const answer = await fetch(`${process.argv[2]}/api.php`, { method: 'POST', body: new URLSearchParams({ ...login, ...fields }) });
  return answer.text();
}

function same(what, expected, found) {
  if (found !== expected) {
    throw new Error(`node: ${what} is ${JSON.stringify(found)} and not ${JSON.stringify(expected)}`);
  }
}

async function main() {
  const kinds = ['lead', 'opportunity', 'customer', 'archive', 'person', 'event', 'message'];
  let read = 0;
  for (const kind of kinds) {
    const name = `Zoë node ${kind} - Smith & <Sons>`;
    const record = {
      name, title: name, email: `${kind}@node.example`, address: '1 Main St\nSuite 5', value: '$1,234.50', probability: '25%',
      year: '2026', month: '5', day: '8', body: 'Grüße & <b>',
    };
    same(`the answer to create=${kind}`, 'Success', await post({ create: kind, ...record }));
    const found = (await parseStringPromise(await post({ get: kind, search: `node ${kind}` }))).result[kind];
    same(`the number of each ${kind}`, 1, found.length);
    const expected = {
      event: { date: 'May 8th', title: name },
      message: { title: name, body: 'Grüße & <b>' },
      person: { name, address: '1 Main St\nSuite 5' },
    }[kind] ?? { name, value: '1234.5000', probability: '0.2500' };
    for (const [element, text] of Object.entries(expected)) {
      same(element, text, found[0][element][0]);
    }
    read += 1;
  }
  console.log(`node ${process.version}: ${kinds.length} created, ${read} read back with xml2js`);
}

main().catch((error) => {
  console.error(error.message);
  process.exit(1);
});
