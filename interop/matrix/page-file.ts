/** Where the page of clients lies, and which packages were driven. */

import { readFileSync } from 'node:fs'
import { join } from 'node:path'

const interop = join(import.meta.dirname, '..')

export const pageFile = join(interop, '..', 'docs', 'reference', 'clients.md')

/** Versions by name, for JavaScript and for Python. */
export const packagesOf = () => {
  const manifest = JSON.parse(readFileSync(join(interop, 'package.json'), 'utf8')) as {
    dependencies: Record<string, string>
  }
  const lines = readFileSync(join(interop, 'requirements.txt'), 'utf8').split('\n')
  const python = lines.filter((line) => line.includes('==')).map((line) => line.split('==') as [string, string])
  return { packages: manifest.dependencies, pythonPackages: Object.fromEntries(python) }
}
