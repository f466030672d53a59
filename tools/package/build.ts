// Builds what ships: src/ as one bundle in dist/, since Node does not strip types under node_modules. The dependencies stay outside of it.
import { readFileSync, rmSync } from 'node:fs'
import { dirname, join, relative } from 'node:path'

import type { BuildResult, Plugin } from 'esbuild'
import { build } from 'esbuild'

const root = dirname(dirname(import.meta.dirname))
const dist = join(root, 'dist')
const workerAddress = /new URL\((['"])\.\/([a-z0-9/-]+)\.ts\1, import\.meta\.url\)/g

/** The name in dist/ of a module that is started by its address: src/store/sqlite/worker.ts -> store-sqlite-worker. */
function entryName(path: string): string {
  return relative(join(root, 'src'), path).replace(/\.ts$/, '').replaceAll('/', '-')
}

/**
 * Lets a module start its neighbour as a worker with `new URL('./worker.ts', import.meta.url)`, as it does in the
 * checkout: the address is rewritten to the worker's own file in dist/, which lies beside every other file there.
 */
function workers(found: Map<string, string>): Plugin {
  return {
    name: 'workers',
    setup(builder) {
      builder.onLoad({ filter: /\/src\/.*\.ts$/ }, ({ path }) => {
        const contents = readFileSync(path, 'utf8').replace(workerAddress, (_whole, _quote, name: string) => {
          const worker = join(dirname(path), `${name}.ts`)
          found.set(entryName(worker), worker)
          return `new URL('./${entryName(worker)}.mjs', import.meta.url)`
        })
        return { contents, loader: 'ts' }
      })
    },
  }
}

/** Bundles these entries (name in dist/ -> file). Code that entries share goes to a chunk beside them. */
function bundle(
  entries: ReadonlyMap<string, string>,
  found: Map<string, string>,
): Promise<BuildResult<{ metafile: true }>> {
  return build({
    absWorkingDir: root,
    entryPoints: Object.fromEntries(entries),
    outdir: dist,
    outExtension: { '.js': '.mjs' },
    chunkNames: 'part-[hash]',
    bundle: true,
    splitting: true,
    format: 'esm',
    platform: 'node',
    target: 'node20',
    packages: 'external',
    sourcemap: true,
    sourcesContent: false,
    legalComments: 'none',
    metafile: true,
    plugins: [workers(found)],
    logLevel: 'warning',
  })
}

const entries = new Map([['main', join(root, 'src/main.ts')]])
let result: BuildResult<{ metafile: true }>
// A worker can start a worker of its own; the loop ends because each round adds a file of src/.
for (;;) {
  rmSync(dist, { recursive: true, force: true })
  const found = new Map<string, string>()
  result = await bundle(entries, found)
  const isComplete = [...found.keys()].every((name) => entries.has(name))
  if (isComplete) break
  for (const [name, path] of found) entries.set(name, path)
}

for (const [path, output] of Object.entries(result.metafile.outputs)) {
  if (!path.endsWith('.map')) console.log(`${path} ${(output.bytes / 1024).toFixed(0)} KiB`)
}
