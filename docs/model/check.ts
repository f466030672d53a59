/**
 * Checks lease.pml with Spin and a C compiler (Debian: spin gcc libc6-dev): `bin/drover-node docs/model/check.ts [--calls 2] [--crashes 1]
 * [--losses 1] [--impatience 0] [--abandons 1]`. Goes through every state that the model can be in, then through each mutant, which must be
 * found out. A line of JSON for each with the states; exit 1 where the model is wrong, or a mutant passes for right.
 */

import { spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'

const model = join(import.meta.dirname, 'lease.pml')
const mutants = [
  'SETTLES_TWICE',
  'LATE_IS_CHARGED',
  'RETURNS_BEFORE_IT_REPORTS',
  'JOURNALS_TOO_LATE',
  'FORGETS_TOO_EARLY',
]
const { values } = parseArgs({
  options: {
    calls: { type: 'string', default: '2' },
    crashes: { type: 'string', default: '1' },
    losses: { type: 'string', default: '1' },
    impatience: { type: 'string', default: '0' },
    abandons: { type: 'string', default: '1' },
  },
})

type Outcome = {
  readonly states: number
  readonly depth: number
  readonly found: string | null
  readonly isWhole: boolean
  readonly seconds: number
}

const run = (command: string, parameters: readonly string[], cwd: string): string => {
  const { status, stdout, stderr, error } = spawnSync(command, parameters, {
    cwd,
    encoding: 'utf8',
    maxBuffer: 64 * 1024 * 1024,
  })
  if (error !== undefined) throw new Error(`${command} cannot be run: ${error.message}`)
  if (status !== 0) throw new Error(`${command} ${parameters.join(' ')} failed: ${stdout}${stderr}`)
  return stdout
}

const check = (mutant: string | null): Outcome => {
  const folder = mkdtempSync(join(tmpdir(), 'drover-model-'))
  try {
    const limits = Object.entries(values).map(([name, value]) => `-D${name.toUpperCase()}=${value}`)
    run('spin', ['-a', ...limits, ...(mutant === null ? [] : [`-DMUTANT_${mutant}`]), model], folder)
    run('gcc', ['-O2', '-w', '-DSAFETY', '-DCOLLAPSE', '-DNFAIR=2', '-o', 'pan', 'pan.c'], folder)
    const said = run('./pan', ['-m1000000', '-w24'], folder)
    const number = (form: RegExp): number => Number(form.exec(said)?.[1] ?? Number.NaN)
    return {
      states: number(/(\d+(?:\.\d+)?(?:e\+\d+)?) states, stored/),
      depth: number(/depth reached (\d+)/),
      found: /pan:1: (.*?) \(at depth/.exec(said)?.[1] ?? null,
      isWhole: !/max search depth too small|out of memory|Search not completed/.test(said),
      seconds: number(/elapsed time ([\d.]+)/),
    }
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

const sound = check(null)
process.stdout.write(`${JSON.stringify({ model: 'lease', ...values, ...sound })}\n`)
let isGood = sound.found === null && sound.isWhole
for (const mutant of mutants) {
  const outcome = check(mutant)
  process.stdout.write(`${JSON.stringify({ mutant, ...outcome })}\n`)
  if (outcome.found === null) isGood = false
}
process.exitCode = isGood ? 0 : 1
