/** What `drover probe` says to a person while it works: the preview of the cost, the question, the bar. */

import { decimalOf } from '#base/money.ts'
import type { Plan } from '#probe/run/plan.ts'
import type { Progress } from '#probe/run/run.ts'
import type { SessionOptions } from '#probe/session.ts'
import { Failure } from './failure.ts'
import type { CommandLinePorts } from './ports.ts'
import type { ProbeFlags } from './probe-flags.ts'
import type { Shell } from './shell.ts'

const barCharacters = 24
const titleCharacters = 48

/** A bar on stderr; nothing where nobody looks. */
export const progressBar = ({
  stderr,
}: CommandLinePorts): { readonly show: (progress: Progress) => void; readonly end: () => void } => {
  if (stderr.isTTY !== true) return { show: () => undefined, end: () => undefined }
  let widest = 0
  return {
    show: ({ done, all, title }) => {
      const bar = '#'.repeat(Math.round((done / Math.max(1, all)) * barCharacters)).padEnd(barCharacters, '.')
      const line = `${bar} ${done} of ${all}  ${title.slice(0, titleCharacters)}`
      widest = Math.max(widest, line.length)
      stderr.write(`\r${line.padEnd(widest)}`)
    },
    end: () => {
      if (widest > 0) stderr.write(`\r${' '.repeat(widest)}\r`)
      widest = 0
    },
  }
}

const inThousands = (count: number): string => (count < 10_000 ? String(count) : `${Math.round(count / 1_000)} k`)

const cent = 10_000_000n

/** USD with two digits, rounded up. */
const dollars = (nanoUsd: bigint): string => decimalOf(((nanoUsd + cent - 1n) / cent) * cent)

/** What a run may cost, in one sentence. */
export const previewText = ({ probes, amount, nanoUsdMax }: Plan): string => {
  const cost =
    nanoUsdMax === null
      ? 'their price is unknown (--price IN,OUT)'
      : nanoUsdMax === 0n
        ? 'they cost nothing'
        : `they cost at most ${dollars(nanoUsdMax)} USD`
  return `${probes.length} probes, about ${amount.calls} calls of at most ${inThousands(amount.inputTokens)} tokens in and ${inThousands(amount.outputTokens)} out; ${cost}.`
}

/**
 * Shows what a run may cost, and asks a person who is there. Where nobody is, a run that may pass its cap does not begin without
 * `--yes`.
 */
export const agreement =
  (flags: ProbeFlags, { nanoUsdMax }: SessionOptions, { ports, terminal }: Shell) =>
  async (plan: Plan): Promise<boolean> => {
    terminal.talk(previewText(plan))
    if (flags.yes === true || flags.quick === true) return true
    if (ports.stdin.isTTY === true && ports.stderr.isTTY === true) {
      const { confirm, isCancel } = await import('@clack/prompts')
      const sure = await confirm({ message: `Go on, up to ${decimalOf(nanoUsdMax)} USD?`, output: process.stderr })
      return !isCancel(sure) && sure
    }
    if (plan.nanoUsdMax === null || plan.nanoUsdMax <= nanoUsdMax) return true
    throw new Failure({
      what: `The run may cost ${dollars(plan.nanoUsdMax)} USD, more than --max-usd allows.`,
      why: null,
      next: "Allow more ('--max-usd 2.00'), choose less ('--only tools,stream'), or go on until the cap is reached with '--yes'.",
      code: 'cost_cap',
    })
  }
