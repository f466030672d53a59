import assert from 'node:assert/strict'
import { mkdtemp, readFile, rm, stat, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { TestContext } from 'node:test'
import { test } from 'node:test'
import { systemIds } from '#base/id.ts'
import { configSource } from '#cli/settings-source.ts'
import { vendors } from '#provider/index.ts'
import { openSecrets } from './secrets.ts'
import { settingsFile } from './settings-file.ts'
import { openDesk } from './test-desk.ts'

const text = `# Of the works.
server: { port: 4100, drain_timeout: 30s }
limits: { kimi: { rpm: 600 } }
recipients: { ops: { webhook: "https://ops.example/hook", secret: "env:HOOK" } }
`

/** A desk whose server runs on a file, as a start of it reads one. */
const open = async (context: TestContext) => {
  const folder = await mkdtemp(join(tmpdir(), 'drover-settings-'))
  context.after(() => rm(folder, { recursive: true }))
  await writeFile(join(folder, 'own.yaml'), text, { mode: 0o640 })
  // As a mounted volume has it.
  await symlink('own.yaml', join(folder, 'drover.yaml'))
  const desk = await openDesk(context)
  const secrets = openSecrets(desk.clock, systemIds(desk.clock))
  context.after(() => secrets.close())
  const environment = { HOOK: 'a secret that is long enough for it' }
  const source = await configSource({ config: 'drover.yaml' }, { environment, vendors, workingFolder: folder, secrets })
  const loaded = await source.load()
  assert.ok(loaded.ok, JSON.stringify(loaded))
  const running = await openDesk(context, { settings: settingsFile({ config: loaded.config, load: source.load }) })
  const file = join(folder, 'drover.yaml')
  return { desk: running, file, own: join(folder, 'own.yaml'), now: () => readFile(file, 'utf8') }
}

const set = (...changes: readonly string[]) => ({ changes })

test('a dry run shows the difference and what waits for a restart; only then the file is written, and nothing else of it changes', async (context) => {
  const { desk, now, own } = await open(context)
  const wish = set('limits.kimi.rpm=700', 'server.port=4200')
  const looked = await desk.run('settings set', { ...wish, dry_run: true })
  assert.deepEqual([looked['applied'], looked['restart'], await now()], [false, ['server.port'], text])
  const { digest } = await desk.run('settings show')
  const told = await desk.run('settings set', { ...wish, digest })
  assert.deepEqual(told['difference'], looked['difference'])
  assert.equal(await now(), text.replace('600', '700').replace('4100', '4200'))
  assert.equal((await stat(own)).mode & 0o777, 0o640, 'the file behind the link, with its rights')
  const [row] = (await desk.store.trail({ limit: 100, after: null })).filter(
    ({ operation }) => operation === 'settings.set',
  )
  assert.deepEqual(JSON.parse(row?.before ?? ''), { 'limits.kimi.rpm': '600', 'server.port': '4100' })
  await assert.rejects(desk.run('settings set', { ...wish, digest }), { code: 'conflict' })
})

test('of two who change the file at once the second is told, and loses nothing of the first', async (context) => {
  const { desk, now } = await open(context)
  const both = ['limits.kimi.rpm=700', 'server.port=4200'].map((one) => desk.run('settings set', set(one)))
  const outcomes = await Promise.allSettled(both)
  assert.deepEqual(outcomes.map(({ status }) => status).sort(), ['fulfilled', 'rejected'])
  const refused = outcomes.find((one) => one.status === 'rejected')
  assert.match(String(refused?.reason), /was changed meanwhile/)
  const isFirst = outcomes[0]?.status === 'fulfilled'
  assert.equal(await now(), isFirst ? text.replace('600', '700') : text.replace('4100', '4200'))
  const rows = (await desk.store.trail({ limit: 100, after: null })).filter((row) => row.operation === 'settings.set')
  const [before, after] = [rows.at(-1)?.before, rows.at(-1)?.after].map((one) => JSON.parse(one ?? '') as object)
  assert.deepEqual(before, isFirst ? { 'server.port': '4200' } : { 'limits.kimi.rpm': '700' })
  const stays = isFirst ? { 'server.port': '4100' } : { 'limits.kimi.rpm': '600' }
  const { not_written: why, ...rest } = after as Record<string, string>
  assert.deepEqual([rows.length, rest], [3, stays], 'the trail says that the second change was not made')
  assert.match(why ?? '', /was changed meanwhile/)
})

test('what a start would refuse is refused with its place, and what leads to secrets or files is no setting from afar', async (context) => {
  const { desk, now } = await open(context)
  await assert.rejects(
    desk.run('settings set', set('server.drain_timeout=soon')),
    /drover\.yaml:2:\d+ server\.drain_timeout/,
  )
  await assert.rejects(desk.run('settings set', set('limits.kimi.rpm=')), /limits nothing/)
  await assert.rejects(desk.run('settings set', set('recipients.ops.secret=file:/etc/shadow')), /in the file alone/)
  await assert.rejects(desk.run('settings set', set('store.url=env:X')), /no setting that is offered/)
  assert.equal(await now(), text)
})

test('a file that has gone is told as gone, and a server without one says so', async (context) => {
  const { desk, file } = await open(context)
  await rm(file)
  await assert.rejects(desk.run('settings show'), { code: 'conflict' })
  const without = await openDesk(context)
  await assert.rejects(without.run('settings show'), /runs without a configuration file/)
})
