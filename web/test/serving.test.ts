/** How the console comes to the browser: compressed, kept for good, under its policy; and how large it is. */

import { strict as assert } from 'node:assert'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { gzipSync } from 'node:zlib'
import type { Relay } from '../../test/e2e/harness.ts'
import { adminKey, startRelay } from '../../test/e2e/harness.ts'

const dist = join(import.meta.dirname, '..', 'dist')
const firstLoadBytesMax = 200 * 1024

type Chunk = {
  readonly file: string
  readonly imports?: readonly string[]
  readonly dynamicImports?: readonly string[]
}
const manifest = JSON.parse(readFileSync(join(dist, '.vite', 'manifest.json'), 'utf8')) as Readonly<
  Record<string, Chunk>
>

/** The files of these entries with all that they import before they run. */
function filesOf(entries: readonly string[], found = new Set<string>()): ReadonlySet<string> {
  for (const entry of entries) {
    const chunk = manifest[entry]
    if (chunk === undefined || found.has(chunk.file)) continue
    found.add(chunk.file)
    filesOf(chunk.imports ?? [], found)
  }
  return found
}

const gzipBytes = (files: Iterable<string>): number =>
  [...files].reduce((sum, file) => sum + gzipSync(readFileSync(join(dist, file)), { level: 9 }).length, 0)

let relay: Relay
before(async () => {
  relay = await startRelay()
})
after(() => relay?.[Symbol.asyncDispose]())

const page = { accept: 'text/html,application/xhtml+xml' }
const get = (path: string, headers: Record<string, string> = {}): Promise<Response> =>
  fetch(`${relay.url}${path}`, { headers })

test('what a first visit loads, the door, overview and charts with it, is within 200 KB compressed', (context) => {
  const files = filesOf(['index.html', 'pages/door/sign-in.tsx', 'pages/overview/overview.tsx', 'parts/plot.tsx'])
  assert.ok(files.size >= 3, 'the manifest names the entries')
  const bytes = gzipBytes(files)
  context.diagnostic(`first load: ${(bytes / 1024).toFixed(1)} KiB of JavaScript, gzip, in ${files.size} files`)
  assert.ok(bytes <= firstLoadBytesMax, `${bytes} bytes`)
})

test('pages of the console are one document, only for browsers; unknown API paths stay JSON', async () => {
  for (const path of ['/', '/keys', '/migrations/some-name', '/models']) {
    const answer = await get(path, page)
    assert.equal(answer.status, 200, path)
    assert.match(answer.headers.get('content-type') ?? '', /^text\/html/)
    assert.match(
      answer.headers.get('content-security-policy') ?? '',
      /script-src 'self'.*require-trusted-types-for 'script'/,
    )
    assert.match(await answer.text(), /<div id="root">/)
  }
  for (const path of [
    '/v1/nothing',
    '/v1beta/nothing',
    '/api/v1/nothing',
    '/api/nothing',
    '/health/nothing',
    '/metrics/nothing',
    '/assets/nothing.js',
  ]) {
    const answer = await get(path, page)
    assert.equal(answer.status, 404, path)
    assert.match(answer.headers.get('content-type') ?? '', /^application\/json/, path)
  }
  const program = await get('/keys')
  assert.equal(program.status, 404)
  const models = await get('/models', { authorization: `Bearer ${adminKey}` })
  assert.match(
    models.headers.get('content-type') ?? '',
    /^application\/json/,
    'a missing /v1 is still forgiven to programs',
  )
})

test('files are compressed beforehand and kept for good', async () => {
  const [file = ''] = filesOf(['index.html'])
  const answer = await get(`/${file}`, { 'accept-encoding': 'br' })
  assert.equal(answer.headers.get('content-encoding'), 'br')
  assert.equal(answer.headers.get('cache-control'), 'public, max-age=31536000, immutable')
  assert.equal(await answer.text(), readFileSync(join(dist, file), 'utf8'))
  const again = await get(`/${file}`, { 'accept-encoding': 'br', 'if-none-match': answer.headers.get('etag') ?? '' })
  assert.equal(again.status, 304)
})
