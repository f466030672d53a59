/** The flags of `drover probe` as what a session needs. */

import { nanoOf } from '#base/money.ts'
import { nearestOf } from '#base/nearest.ts'
import { Problem } from '#base/problem.ts'
import type { Manifest } from '#probe/manifest.ts'
import type { Level, Wire } from '#probe/probe.ts'
import { profileAt, profileOf, profiles } from '#probe/profile/index.ts'
import type { Profile } from '#probe/profile/profile.ts'
import type { Rates } from '#probe/run/purse.ts'
import type { SessionOptions } from '#probe/session.ts'
import { chosenProbes } from '#probe/session.ts'
import { Failure, usageFailure } from './failure.ts'
import type { CommandLinePorts } from './ports.ts'

export type ProbeFlags = {
  readonly baseUrl?: string
  readonly model?: string
  readonly apiKey?: string
  readonly against?: string
  readonly againstModel?: string
  readonly againstKey?: string
  readonly otherKey?: string
  readonly profile?: string
  readonly protocol?: string
  readonly only?: string
  readonly list?: boolean
  readonly quick?: boolean
  readonly repeat?: string
  readonly maxUsd: string
  readonly maxCalls: string
  readonly price?: string
  readonly yes?: boolean
  readonly concurrency: string
  readonly parallel: string
  readonly timeout: string
  readonly contextTokens?: string
  readonly imageUrl?: string
  readonly manifest?: string
  readonly baseline?: string
  readonly failOn: string
  readonly format?: string
  readonly json?: boolean
  readonly output?: string
  readonly emit?: string
}

type Context = {
  readonly ports: CommandLinePorts
  readonly readText: (file: string) => Promise<string>
  readonly manifest: Manifest | null
}

const needed = (value: string | undefined, flag: string): string => {
  if (value !== undefined && value !== '') return value
  throw usageFailure(
    `${flag} is missing.`,
    "'drover probe --base-url https://api.example.com/v1 --model NAME --api-key env:NAME'",
  )
}

const urlOf = (value: string, flag: string): string => {
  const url = URL.canParse(value) ? new URL(value) : null
  if (url === null || !['http:', 'https:'].includes(url.protocol) || url.username !== '' || url.search !== '')
    throw usageFailure(
      `'${value.replace(/\/\/[^@/]*@/, '//…@')}' is no address for ${flag}.`,
      `Write it with its version and without a key: '${flag} https://api.example.com/v1'.`,
    )
  return value.replace(/\/+$/, '').replace(/\/chat\/completions$/, '')
}

const count = (value: string, flag: string, max: number): number => {
  const number = Number(value)
  if (Number.isInteger(number) && number >= 1 && number <= max) return number
  throw usageFailure(`'${value}' is nothing that ${flag} takes.`, `It takes a whole number from 1 to ${max}.`)
}

const amount = (value: string, flag: string): bigint => {
  try {
    const nano = nanoOf(value)
    if (nano >= 0n) return nano
  } catch (thrown) {
    if (!(thrown instanceof RangeError)) throw thrown
  }
  throw usageFailure(`'${value}' is nothing that ${flag} takes.`, 'It takes a decimal amount of USD, such as 1.00.')
}

const ratesOf = (value: string): Rates => {
  const [input = '', output = ''] = value.split(',')
  return { inputNanoUsd: amount(input, '--price'), outputNanoUsd: amount(output, '--price') }
}

/** A credential by reference: it never stands on a command line, which others can read. */
const credential = async (reference: string, flag: string, { ports, readText }: Context): Promise<string> => {
  const [scheme, name] = [reference.slice(0, reference.indexOf(':')), reference.slice(reference.indexOf(':') + 1)]
  if (scheme === 'file') return (await readText(name)).trim()
  if (scheme !== 'env' || !/^[A-Za-z_]\w*$/.test(name))
    throw usageFailure(
      `${flag} takes a reference, not a key.`,
      `Put the key into a variable, and write '${flag} env:NAME', or into a file: '${flag} file:PATH'.`,
    )
  const value = ports.environment[name] ?? ''
  if (value !== '') return value
  throw new Failure({
    what: `The variable ${name} is not set.`,
    why: `${flag} names it.`,
    next: `export ${name}=…`,
    code: 'unset',
  })
}

/** The key that the vendor of this very host usually has in the environment. */
const usualKey = (baseUrl: string, { ports }: Context): string | null => {
  const { hostname } = new URL(baseUrl)
  const vendor = ports.vendors.find(
    ({ baseUrl: own, regions, local }) =>
      !local && [own, ...Object.values(regions)].some((url) => url !== null && new URL(url).hostname === hostname),
  )
  const name = vendor?.keyEnv.find((variable) => (ports.environment[variable] ?? '') !== '')
  return name === undefined ? null : (ports.environment[name] ?? null)
}

const wires: readonly string[] = ['openai', 'anthropic', 'gemini']
const levels: readonly string[] = ['blocking', 'warning', 'info']

const oneOf = (value: string, known: readonly string[], flag: string): string => {
  if (known.includes(value)) return value
  const [nearest] = nearestOf(value, known)
  const meant = nearest === undefined ? '' : `Did you mean '${nearest}'? `
  throw usageFailure(`'${value}' is nothing that ${flag} takes.`, `${meant}It takes ${known.join(', ')}.`)
}

const profileFor = (flags: ProbeFlags, baseUrl: string): Profile | null => {
  if (flags.profile === undefined) return profileAt(baseUrl) ?? null
  const named = oneOf(
    flags.profile,
    profiles.map(({ name }) => name),
    '--profile',
  )
  // The short name of a vendor, together with the protocol that it only imitates, means the imitation.
  const imitation = flags.protocol === 'openai' ? profileOf(`${named}-compat`) : undefined
  return imitation ?? profileOf(named) ?? null
}

const referenceFor = async (
  flags: ProbeFlags,
  model: string,
  context: Context,
): Promise<SessionOptions['target']['reference']> => {
  if (flags.against === undefined) {
    if (flags.againstModel === undefined && flags.againstKey === undefined) return null
    throw usageFailure('--against is missing.', "Name the reference endpoint: '--against https://api.example.com/v1'.")
  }
  const baseUrl = urlOf(flags.against, '--against')
  const key =
    flags.againstKey === undefined
      ? usualKey(baseUrl, context)
      : await credential(flags.againstKey, '--against-key', context)
  return { baseUrl, model: flags.againstModel ?? model, key }
}

const optional = <T>(value: string | undefined, read: (value: string) => T): T | null =>
  value === undefined ? null : read(value)

/** @throws Failure for a flag that cannot be. */
export const sessionOptionsOf = async (flags: ProbeFlags, context: Context): Promise<SessionOptions> => {
  const baseUrl = urlOf(needed(flags.baseUrl, '--base-url'), '--base-url')
  const model = needed(flags.model, '--model')
  const profile = profileFor(flags, baseUrl)
  const wire = oneOf(flags.protocol ?? profile?.wire ?? 'openai', wires, '--protocol') as Wire
  const key =
    flags.apiKey === undefined ? usualKey(baseUrl, context) : await credential(flags.apiKey, '--api-key', context)
  if (flags.quick === true && wire !== 'openai')
    throw usageFailure(
      '--quick speaks the protocol openai only.',
      `Probe it with '--only' instead: '--protocol ${wire} --only ${wire}-${wire === 'gemini' ? 'answer' : 'message'}'.`,
    )
  const options: SessionOptions = {
    target: {
      baseUrl,
      model,
      key,
      wire,
      otherKey: flags.otherKey === undefined ? null : await credential(flags.otherKey, '--other-key', context),
      reference: await referenceFor(flags, model, context),
    },
    profile,
    only: optional(flags.only, (text) =>
      text
        .split(',')
        .map((name) => name.trim())
        .filter((name) => name !== ''),
    ),
    quick: flags.quick === true,
    repeat: optional(flags.repeat, (text) => count(text, '--repeat', 1_000)),
    nanoUsdMax: amount(flags.maxUsd, '--max-usd'),
    callsMax: count(flags.maxCalls, '--max-calls', 1_000_000),
    atOnceMax: count(flags.concurrency, '--concurrency', 64),
    parallel: count(flags.parallel, '--parallel', 256),
    timeoutMs: count(flags.timeout, '--timeout', 3_600) * 1_000,
    contextTokens: optional(flags.contextTokens, (text) => count(text, '--context-tokens', 100_000_000)),
    imageUrl: flags.imageUrl ?? null,
    rates: optional(flags.price, ratesOf),
    manifest: context.manifest,
    failOn: oneOf(flags.failOn, levels, '--fail-on') as Level,
  }
  try {
    chosenProbes(wire, options)
  } catch (thrown) {
    if (!(thrown instanceof Problem)) throw thrown
    throw usageFailure(thrown.message, 'Name probes or groups with --only, with commas between them.')
  }
  return options
}
