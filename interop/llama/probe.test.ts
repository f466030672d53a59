import { strict as assert } from 'node:assert'
import { execFileSync } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { after, before, describe, test } from 'node:test'
import { checkout, runDrover } from '../../test/e2e/harness.ts'
import { serveModel } from './server.ts'

type Row = {
  readonly id: string
  readonly level: string
  readonly verdict: string
  readonly reasons: readonly string[]
  readonly measures: Readonly<Record<string, number>>
}

const shared = resolve(process.env['DROVER_SHARED'] ?? join(checkout, '..', 'shared'))

/** What any model has to do, however little it knows. */
const mustPass = [
  'model-listed',
  'model-unknown',
  'error-body',
  'stream-framing',
  'stream-comments',
  'stream-envelope',
  'model-echo',
  'finish-reason',
  'usage-final',
  'usage-position',
  'usage-sums',
  'usage-same-in-both-modes',
  'temperature',
  'roles',
  'context-fits',
  'context-exceeded',
  'client-leaves',
  'streams-at-once',
  'determinism',
  'latency',
]

describe('a real model, probed', () => {
  let folder = ''
  let server: Awaited<ReturnType<typeof serveModel>>
  before(async () => {
    folder = mkdtempSync(join(tmpdir(), 'drover-llama-'))
    const file = join(folder, 'tiny.gguf')
    execFileSync(process.execPath, [join(shared, 'tools', 'make-tiny-gguf.mjs'), join(checkout, 'README.md'), file])
    server = await serveModel(file)
  })
  after(async () => {
    await server.close()
    rmSync(folder, { recursive: true })
  })

  test('llama.cpp passes what any model has to do, and says clearly what it has not', async () => {
    const flags = ['--profile', 'llamacpp', '--parallel', '12', '--json']
    const { code, stdout, stderr } = await runDrover(['probe', '--base-url', server.url, '--model', 'tiny', ...flags], {
      cwd: folder,
    })
    assert.equal(code, 0, `${stderr}${stdout.slice(0, 2_000)}`)
    const rows = (JSON.parse(stdout) as { probes: readonly Row[] }).probes
    const of = (id: string): Row => rows.find((row) => row.id === id) as Row
    for (const id of mustPass) assert.equal(of(id).verdict, 'pass', `${id}: ${of(id).reasons.join(' ')}`)
    for (const id of ['tool-call', 'json-schema', 'logprobs', 'choices'])
      assert.equal(of(id).verdict, 'unsupported', id)
    assert.equal(of('determinism').measures['self_agreement'], 1, 'at temperature 0 a bigram table says one thing')
  })
})
