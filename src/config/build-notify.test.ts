import assert from 'node:assert/strict'
import { test } from 'node:test'
import { readConfig } from './load.ts'

const read = async (text: string) => {
  const environment = {
    SMTP: 'smtps://user:word@mail.example.com',
    HOOK: 'whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw',
    SHORT: 'short',
    CHAT: 'https://hooks.example.com/T/B/x',
  }
  return readConfig({ text, file: 'drover.yaml' }, { environment, workingFolder: '/etc/drover', vendors: [] })
}

const faultsIn = async (text: string): Promise<readonly string[]> => {
  const loaded = await read(text)
  assert.ok(!loaded.ok, 'the file should be refused')
  return loaded.faults.map(({ path, message }) => `${path}: ${message}`)
}

test('recipients and alerts, thresholds in the unit of their event', async () => {
  const loaded = await read(`
mail: { smtp: "env:SMTP", from: "drover@example.com" }
recipients:
  ops: { mail: [ops@example.com] }
  hook: { webhook: "https://example.com/hook", secret: "env:HOOK" }
  chat: { slack: "env:CHAT" }
alerts:
  - { event: overhead_p99, above: 50ms, notify: [ops, hook] }
  - { event: error_rate, above: "1.5%", notify: [chat] }
  - { event: balance_low, below: "5", notify: [ops] }
  - { event: certificate_expiry, below: 14d, notify: [ops] }
  - { event: rollback, notify: [ops] }
`)
  assert.ok(loaded.ok, JSON.stringify(loaded))
  const { notify } = loaded.config
  assert.equal(notify.mail?.smtp.reveal(), 'smtps://user:word@mail.example.com')
  assert.deepEqual(
    notify.recipients.map(({ name, way }) => [name, way.kind]),
    [
      ['ops', 'mail'],
      ['hook', 'webhook'],
      ['chat', 'slack'],
    ],
  )
  assert.deepEqual(
    notify.alerts.map(({ event, above, below }) => [event, above, below]),
    [
      ['overhead_p99', 50, null],
      ['error_rate', 1.5, null],
      ['balance_low', null, 5],
      ['certificate_expiry', null, 14],
      ['rollback', null, null],
    ],
  )
})

test('what is wrong is said with its place', async () => {
  const faults = await faultsIn(`
recipients:
  none: {}
  two: { mail: [a@example.com], slack: "env:CHAT" }
  bare: { webhook: "https://example.com/hook" }
  weak: { webhook: "https://example.com/hook", secret: "env:SHORT" }
  lost: { mail: [a@example.com] }
alerts:
  - { event: overhead_p98, notify: [lost] }
`)
  const expected = [
    /^recipients\.none: must have exactly one of mail, webhook and slack$/,
    /^recipients\.two: must have exactly one .*, not mail and slack$/,
    /^recipients\.bare: needs 'secret'/,
    /^recipients\.weak\.secret: leads to a key that is too short/,
    /^recipients\.lost\.mail: needs the block 'mail'/,
    /^alerts\[0\]\.event: is no event; .*did you mean 'overhead_p99'/,
  ]
  for (const form of expected)
    assert.ok(
      faults.some((fault) => form.test(fault)),
      `${form} is not in ${faults.join('\n')}`,
    )
})

test('an alert tells recipients that there are', async () => {
  const faults = await faultsIn(`
recipients: { ops: { slack: "env:CHAT" } }
alerts:
  - { event: rollback, above: "1", notify: [osp] }
  - { event: overhead_p99, above: "3%", notify: [ops] }
`)
  assert.deepEqual(faults, [
    "alerts[0].above: 'rollback' has no figure to compare: leave it out",
    "alerts[0].notify[0]: is no recipient; there are ops; did you mean 'ops'?",
    'alerts[1].above: must be a duration such as 50ms',
  ])
})

test('alerts without anybody to tell are kept, and said', async () => {
  const loaded = await read('alerts: [ { event: overhead_p99, above: 50ms, notify: [ops] } ]\n')
  assert.ok(loaded.ok, JSON.stringify(loaded))
  assert.deepEqual(loaded.config.notify.alerts, [{ event: 'overhead_p99', above: 50, below: null, recipients: [] }])
  assert.deepEqual(
    loaded.config.warnings.map(({ path }) => path),
    ['alerts[0].notify'],
  )
})
