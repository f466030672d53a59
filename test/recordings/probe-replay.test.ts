// `drover probe` against endpoints that answer every call as a real provider once did: its quirk is found, and what mends it is named.
import { strict as assert } from 'node:assert'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import { systemClock } from '../../src/base/clock.ts'
import { testShell } from '../../src/cli/test-shell.ts'
import { readRecording, replay } from '../fake/replay.ts'
import type { FakeUpstream } from '../fake/upstream.ts'
import { startUpstream } from '../fake/upstream.ts'
import { sharedFolder } from './exchange.ts'

type Row = {
  readonly id: string
  readonly verdict: string
  readonly reasons: readonly string[]
  readonly remedy: { readonly by: string }
}

/** The recording, the probe that finds what is odd about it, its words, and who mends it. */
const quirks: readonly (readonly [file: string, probe: string, words: RegExp, by: string])[] = [
  ['moonshot/openai.chat/quoted-k2-0905-stream-usage-in-choice.json', 'usage-position', /in a choice only/, 'shim'],
  ['mistral/openai.chat/mistral-tool-call-0413d6338d72.json', 'tool-deltas', /has no index/, 'shim'],
]

describe('drover probe on replays of real providers', () => {
  const upstreams: FakeUpstream[] = []
  const shell = testShell({ clock: systemClock(), environment: { KEY: 'sk-of-a-replay' } })
  before(async () => {
    const folder = join(sharedFolder(), 'recordings')
    for (const [file] of quirks) upstreams.push(await startUpstream(replay(readRecording(folder, file))))
  })
  after(async () => {
    shell.close()
    for (const upstream of upstreams) await upstream.close()
  })

  for (const [index, [file, probe, words, by]] of quirks.entries())
    test(`${probe} of ${file}`, async () => {
      const url = upstreams[index]?.baseUrl ?? ''
      const line = `probe --base-url ${url} --model any --api-key env:KEY --profile strict --only ${probe} --price 0,0 --yes --fail-on warning --json`
      const { code, out, talk } = await shell.run(line)
      const { probes } = JSON.parse(out) as { readonly probes: readonly Row[] }
      const row = probes.find(({ id }) => id === probe)
      assert.equal(row?.verdict, 'fail', `${out}\n${talk}`)
      assert.match(row.reasons.join(' '), words)
      assert.equal(row.remedy.by, by)
      assert.equal(code, 1)
    })
})
