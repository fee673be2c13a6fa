// `npm run lock`: resolve the pinned versions anew and keep the lock free of addresses (npm writes sponsoring links into it).

import fs from 'node:fs/promises';

const file = new URL('../../package-lock.json', import.meta.url);
const lock = JSON.parse(await fs.readFile(file, 'utf8'));
for (const entry of Object.values(lock.packages)) {
  delete entry.funding;
  delete entry.resolved;
}
await fs.writeFile(file, `${JSON.stringify(lock, null, 2)}\n`);
