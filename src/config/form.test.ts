import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { SettingChange } from '#base/setting-field.ts'
import { rewriteSettings, settingFields } from './form.ts'

const file = `# The relay of the works.
server: { drain_timeout: 30s } # streams are short
limits:
  kimi: { per: account, rpm: 600 }
settlement:
  CNY:
    - { rate: "1.0", from: 2026-01-01 }
recipients:
  ops: { webhook: "https://ops.example/hook", secret: "env:HOOK" }
`

const changed = (...changes: readonly SettingChange[]): string => {
  const rewritten = rewriteSettings(file, changes)
  assert.ok(rewritten.ok, JSON.stringify(rewritten))
  return rewritten.text
}

const refusal = (path: string, value: string | null): string => {
  const rewritten = rewriteSettings(file, [{ path, value }])
  return rewritten.ok ? '' : rewritten.why.text
}

test('a file has fields for what it says and what it may say, with kind, bounds and default', () => {
  const fields = new Map(settingFields(file).map((field) => [field.path, field]))
  const told = (path: string) => {
    const { kind, unit, value, fallback, editable } = fields.get(path) ?? assert.fail(path)
    return [kind, unit, value, fallback, editable]
  }
  assert.deepEqual(told('server.drain_timeout'), ['text', 'duration', '30s', '30s', true])
  assert.deepEqual(told('server.port'), ['number', null, null, '4000', true])
  assert.deepEqual(told('limits.kimi.rpm'), ['number', null, '600', null, true])
  assert.deepEqual(told('settlement.CNY[0].rate'), ['text', 'amount', '1.0', null, true])
  assert.deepEqual(told('signup.open'), ['switch', null, null, 'false', true])
  assert.deepEqual(told('recipients.ops.secret'), ['text', 'reference', 'env:HOOK', null, false])
  assert.equal(fields.has('server.tls.key'), false, 'secrets of blocks that are not there are not offered')
})

test('a value that stands in the file is replaced where it stands; comments and everything else stay', () => {
  assert.equal(
    changed({ path: 'server.drain_timeout', value: '45s' }, { path: 'settlement.CNY[0].rate', value: '0.95' }),
    file.replace('30s', '45s').replace('"1.0"', '"0.95"'),
  )
  assert.equal(
    changed({ path: 'recipients.ops.webhook', value: 'https://other.example/a?b=c' }),
    file.replace('https://ops.example/hook', 'https://other.example/a?b=c'),
  )
})

test('a value that is new comes into its block, one that goes leaves it, and a block is made where there is none', () => {
  const text = changed(
    { path: 'limits.kimi.tpm', value: '90000' },
    { path: 'server.drain_timeout', value: null },
    { path: 'signup.open', value: 'true' },
    { path: 'server.cors.origins', value: 'https://a.example, https://b.example' },
  )
  const values = new Map(settingFields(text).map(({ path, value }) => [path, value]))
  assert.deepEqual(
    ['limits.kimi.rpm', 'limits.kimi.tpm', 'server.drain_timeout', 'signup.open', 'server.cors.origins'].map((path) =>
      values.get(path),
    ),
    ['600', '90000', null, 'true', 'https://a.example, https://b.example'],
  )
  assert.match(text, /^# The relay of the works\.$/m)
})

test('what leads to secrets, what is not there, and what must be given is refused by its name', () => {
  assert.match(refusal('recipients.ops.secret', 'file:/etc/shadow'), /changed in the file alone/)
  assert.match(refusal('providers.x.api_key', 'env:X'), /no setting that is offered/)
  assert.match(refusal('settlement.CNY[0].rate', null), /must be given/)
})
