import assert from 'node:assert/strict'
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { pathToFileURL } from 'node:url'
import { gunzipSync, gzipSync } from 'node:zlib'
import { Problem } from '#base/problem.ts'
import type { Site } from './site.ts'
import { readSite, siteAnswer } from './site.ts'

const script = 'export const answer = 42\n'
let folder = ''
let site: Site = new Map()

before(async () => {
  folder = await mkdtemp(join(tmpdir(), 'drover-site-'))
  await mkdir(join(folder, 'assets'))
  await writeFile(join(folder, 'index.html'), '<!doctype html><title>x</title>')
  await writeFile(join(folder, 'assets', 'main-1a2b.js'), script)
  await writeFile(join(folder, 'assets', 'main-1a2b.js.gz'), gzipSync(script))
  await writeFile(join(folder, 'assets', 'main-1a2b.js.br'), 'as if it were brotli')
  await writeFile(join(folder, 'secret.txt'), 'no type that is served')
  site = (await readSite(pathToFileURL(`${folder}/`))) ?? new Map()
})
after(() => rm(folder, { recursive: true, force: true }))

const asked = (name: string, headers: Record<string, string> = {}) => siteAnswer(site, name, { headers })

test('a page may run nothing inline, is framed by nobody, and is looked for anew each time', () => {
  const { status, headers, body } = asked('index.html')
  assert.equal(status, 200)
  assert.equal(Buffer.from(body).toString(), '<!doctype html><title>x</title>')
  const policy = headers['content-security-policy'] ?? ''
  assert.match(policy, /default-src 'none'; script-src 'self'; style-src 'self'/)
  assert.match(policy, /frame-ancestors 'none'.*require-trusted-types-for 'script'/)
  assert.doesNotMatch(policy, /unsafe/)
  assert.equal(headers['cache-control'], 'no-cache')
})

test('a file with a hash in its name is kept for good, and sent as small as the caller takes it', () => {
  const name = 'assets/main-1a2b.js'
  assert.equal(asked(name).headers['cache-control'], 'public, max-age=31536000, immutable')
  const encodingFor = (accepted: string) => asked(name, { 'accept-encoding': accepted }).headers['content-encoding']
  assert.equal(encodingFor('gzip, deflate, br'), 'br')
  assert.equal(encodingFor('gzip, br;q=0'), 'gzip')
  assert.equal(encodingFor('identity'), undefined)
  assert.equal(Buffer.from(asked(name, { 'accept-encoding': 'identity' }).body).toString(), script)
  assert.equal(gunzipSync(asked(name, { 'accept-encoding': 'gzip' }).body).toString(), script)
})

test('whoever has it already is told so', () => {
  const name = 'assets/main-1a2b.js'
  const { etag = '' } = asked(name, { 'accept-encoding': 'gzip' }).headers
  const again = asked(name, { 'accept-encoding': 'gzip', 'if-none-match': `"other", W/${etag}` })
  assert.equal(again.status, 304)
  assert.equal(again.body.length, 0)
  assert.equal(asked(name, { 'accept-encoding': 'br', 'if-none-match': etag }).status, 200)
})

test('only files of the site are there', async () => {
  for (const name of ['secret.txt', '../package.json', 'assets/main-1a2b.js.gz', 'nothing.js', ''])
    assert.throws(() => asked(name), Problem, name)
  assert.equal(await readSite(pathToFileURL(`${folder}/none/`)), null)
})
