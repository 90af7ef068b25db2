// Sends large bodies where they are refused, as Node's fetch does, and prints the status of each answer, or why there was none.
// The first argument is a list of requests as JSON: method, url, headers, size, times.

'use strict';

async function send({ method, url, headers, size }) {
    const body = Buffer.alloc(size, 'x');
    try {
        const response = await fetch(url, { method, headers, body });
        await response.arrayBuffer();
        return response.status;
    } catch (error) {
        return String((error.cause && error.cause.code) || error);
    }
}

async function main() {
    for (const request of JSON.parse(process.argv[2])) {
        const statuses = {};
        for (let number = 0; number < request.times; number += 1) {
            const status = await send(request);
            statuses[status] = (statuses[status] || 0) + 1;
        }
        console.log(JSON.stringify(statuses));
    }
}

main();
