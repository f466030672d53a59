// Writes the generated pages of docs/reference/; `npm run docs`. tools/docs.test.ts fails when one was not written anew.
import { mkdirSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'

import { generatedPages } from './docs/pages.ts'

const root = dirname(import.meta.dirname)

for (const [path, text] of generatedPages()) {
  mkdirSync(dirname(join(root, path)), { recursive: true })
  writeFileSync(join(root, path), text)
  console.log(path)
}
