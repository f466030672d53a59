/** Starts a real relay as its own process, the way a person does, and runs commands against it. */

import { strict as assert } from 'node:assert'
import type { ChildProcess } from 'node:child_process'
import { spawn } from 'node:child_process'
import { existsSync } from 'node:fs'
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import { call } from './call.ts'
import { postgresFor } from './on-postgres.ts'

export const checkout = resolve(import.meta.dirname, '..', '..')
export const drover = join(checkout, 'bin', 'drover')

/** Keys that the environment brings; any string of this form and 32 characters is taken as it is. */
export const adminKey = 'drover-admin-of-the-tests-0123456789abcdef'
export const testKey = 'hs-test-of-the-tests-0123456789abcdefghijkl'

const startTimeoutMs = 60_000
const stopTimeoutMs = 40_000
const commandTimeoutMs = 30_000
const pollEveryMs = 20
/** A second is promised; the rest is for a busy machine. */
const recordTimeoutMs = 10_000
/** What is promised sooner has a bound of its own: this one is for a machine that gives a relay few turns. */
const eventuallyMs = 20_000
const recentMax = 100

export type Environment = Readonly<Record<string, string | undefined>>

/** What a child sees: none of the provider keys that may be set on this machine, and nothing of the test runner. */
export function cleanEnvironment(more: Environment = {}): NodeJS.ProcessEnv {
  const environment: NodeJS.ProcessEnv = {}
  for (const name of ['PATH', 'HOME', 'LANG', 'TMPDIR', 'USER']) environment[name] = process.env[name]
  // No relay of a test makes the console in the background.
  return { ...environment, NODE_ENV: 'test', ...more }
}

/** A folder of its own under the system's temporary one; `remove` takes it away. */
export async function makeFolder(): Promise<string> {
  return mkdtemp(join(tmpdir(), 'drover-e2e-'))
}

export const removeFolder = (folder: string): Promise<void> => rm(folder, { recursive: true, force: true })

/** Asks again and again, within a bound, until the answer is not `undefined`; for what no event tells. */
export async function eventually<T>(
  what: string,
  ask: () => Promise<T | undefined> | T | undefined,
  withinMs = eventuallyMs,
): Promise<T> {
  const deadline = performance.now() + withinMs
  for (;;) {
    const answer = await ask()
    if (answer !== undefined) return answer
    if (performance.now() > deadline) throw new Error(`${what} did not happen within ${withinMs} ms`)
    await wait(pollEveryMs)
  }
}

/** A busy machine may be late once: a relay that is slow is late each time. */
const triesMax = 3

/** Milliseconds of the quickest of three, or of the first that is within the bound. */
export async function quickest(once: () => Promise<number>, withinMs: number): Promise<number> {
  let bestMs = Number.POSITIVE_INFINITY
  for (let tries = 0; tries < triesMax && bestMs > withinMs; tries += 1) bestMs = Math.min(bestMs, await once())
  return bestMs
}

export type Ended = { readonly code: number | null; readonly signal: NodeJS.Signals | null }

export type Talk = {
  readonly child: ChildProcess
  readonly stdout: () => string
  readonly stderr: () => string
  readonly ended: Promise<Ended>
}

/** Starts a program and keeps what it says. */
export function start(
  command: string,
  parameters: readonly string[],
  { cwd, env }: { readonly cwd: string; readonly env: NodeJS.ProcessEnv },
): Talk {
  const child = spawn(command, parameters, { cwd, env, stdio: ['ignore', 'pipe', 'pipe'] })
  let stdout = ''
  let stderr = ''
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    stdout += text
  })
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    stderr += text
  })
  const ended = new Promise<Ended>((settle, fail) => {
    child.once('error', fail)
    child.once('close', (code, signal) => settle({ code, signal }))
  })
  return { child, stdout: () => stdout, stderr: () => stderr, ended }
}

/** The promise, or a failure that names what was waited for and what the program had said until then. */
export async function within<T>(promise: Promise<T>, milliseconds: number, what: () => string): Promise<T> {
  const settled = new AbortController()
  const late = wait(milliseconds, undefined, { signal: settled.signal }).then((): never => {
    throw new Error(`${what()} (${milliseconds} ms)`)
  })
  try {
    return await Promise.race([promise, late])
  } finally {
    settled.abort()
  }
}

export type CommandResult = Ended & { readonly stdout: string; readonly stderr: string }

export type CommandSettings = {
  readonly cwd: string
  readonly env?: Environment
  /** Longer than tests wait. */
  readonly withinMs?: number
}

/** Runs one command of the command line to its end. */
export async function runDrover(parameters: readonly string[], settings: CommandSettings): Promise<CommandResult> {
  const talk = start(drover, parameters, { cwd: settings.cwd, env: cleanEnvironment(settings.env) })
  const ended = await within(
    talk.ended,
    settings.withinMs ?? commandTimeoutMs,
    () => `drover ${parameters.join(' ')} did not end`,
  )
  return { ...ended, stdout: talk.stdout(), stderr: talk.stderr() }
}

export type RelaySettings = {
  /** Text of drover.yaml; absent: none is there. */
  readonly config?: string
  readonly env?: Environment
  /** A folder that an earlier relay left. */
  readonly folder?: string
  /** After `serve`; the port is always chosen by the system unless given here. */
  readonly flags?: readonly string[]
  /** Without the two keys in the environment, as on a person's first start. */
  readonly ownKeys?: boolean
  /** `bin/drover` of another checkout. */
  readonly program?: string
  /** Longer than tests wait for the listening line. */
  readonly startWithinMs?: number
  /** Longer than tests wait for a command to end. */
  readonly commandWithinMs?: number
  /** A program and its parameters that starts the relay in its place: `ip netns exec NAME`. */
  readonly through?: readonly string[]
}

export type MadeKey = { readonly id: string; readonly key: string }

/** One record as the command line and the API show it. */
export type CallLine = Readonly<Record<string, unknown>>

export type Relay = {
  readonly url: string
  readonly port: number
  readonly pid: number
  readonly folder: string
  readonly data: string
  readonly configFile: string
  readonly listening: Readonly<Record<string, unknown>>
  readonly stdout: () => string
  readonly stderr: () => string
  readonly ended: Promise<Ended>
  /** Runs a command that finds this relay by its address and admin key; asserts exit 0 and gives the JSON it printed. */
  readonly command: (...parameters: readonly string[]) => Promise<unknown>
  /** Makes a key by the admin API, which is quicker than a command: `{ test: true, rpm: 3 }`. */
  readonly createKey: (settings?: Readonly<Record<string, unknown>>) => Promise<MadeKey>
  /** Runs a command the same way; gives what it printed. */
  readonly print: (...parameters: readonly string[]) => Promise<string>
  /** The newest records, oldest first, from the admin API. */
  readonly logs: (limit: number) => Promise<readonly CallLine[]>
  /** The record of the call that had this answer; fails when it is not visible within the time that is promised. */
  readonly recordOf: (answer: { readonly headers: Readonly<Record<string, string>> }) => Promise<CallLine>
  /** Writes drover.yaml anew. */
  readonly edit: (config: string) => Promise<void>
  readonly terminate: () => void
  /** SIGTERM; asserts that it drained and exited 0. */
  readonly stop: () => Promise<void>
  readonly kill: () => Promise<void>
  /** Ends the process if it still runs, and removes its folder. */
  readonly [Symbol.asyncDispose]: () => Promise<void>
}

async function listeningLine(talk: Talk, withinMs: number): Promise<Record<string, unknown>> {
  const line = new Promise<string>((settle) => {
    const look = (): void => {
      const end = talk.stdout().indexOf('\n')
      if (end >= 0) settle(talk.stdout().slice(0, end))
    }
    talk.child.stdout?.on('data', look)
    look()
  })
  const gone = talk.ended.then((ended): never => {
    throw new Error(`the relay ended (${ended.code ?? ended.signal}) before it listened:\n${talk.stderr()}`)
  })
  const text = await within(Promise.race([line, gone]), withinMs, () => `no listening line:\n${talk.stderr()}`)
  const event: unknown = JSON.parse(text)
  assert.ok(typeof event === 'object' && event !== null)
  return event as Record<string, unknown>
}

/** The flags of `serve` for a folder laid out by `layOut`. */
async function layOut(
  settings: RelaySettings,
): Promise<{ folder: string; data: string; configFile: string; flags: string[]; env: Environment }> {
  const folder = settings.folder ?? (await makeFolder())
  const data = join(folder, 'data')
  const configFile = join(folder, 'drover.yaml')
  await mkdir(folder, { recursive: true })
  const stored = await postgresFor(folder, settings.config)
  const config = stored?.config ?? settings.config
  if (config !== undefined) await writeFile(configFile, config)
  const flags = ['--data', data, ...(existsSync(configFile) ? ['--config', configFile] : [])]
  if (!settings.flags?.includes('--port')) flags.push('--port', '0')
  return { folder, data, configFile, flags: [...flags, ...(settings.flags ?? [])], env: stored?.env ?? {} }
}

const keysOf = (settings: RelaySettings): Environment =>
  settings.ownKeys === true ? {} : { DROVER_ADMIN_KEY: adminKey, DROVER_TEST_KEY: testKey }

/** Starts `drover serve` and waits until it listens. */
export async function startRelay(settings: RelaySettings = {}): Promise<Relay> {
  const place = await layOut(settings)
  const env = cleanEnvironment({ ...place.env, ...keysOf(settings), ...settings.env })
  const [program = drover, ...first] = [...(settings.through ?? []), settings.program ?? drover]
  const talk = start(program, [...first, 'serve', ...place.flags], { cwd: place.folder, env })
  const listening = await listeningLine(talk, settings.startWithinMs ?? startTimeoutMs).catch((fault: unknown) => {
    talk.child.kill('SIGKILL')
    throw fault
  })
  const url = String(listening['url'])
  const commandEnv = { DROVER_URL: url, DROVER_ADMIN_KEY: adminKey }

  const print = async (...parameters: readonly string[]): Promise<string> => {
    const result = await runDrover([...parameters, '--json'], {
      cwd: place.folder,
      env: commandEnv,
      ...(settings.commandWithinMs === undefined ? {} : { withinMs: settings.commandWithinMs }),
    })
    assert.equal(result.code, 0, `drover ${parameters.join(' ')}: ${result.stderr}`)
    return result.stdout
  }
  const command = async (...parameters: readonly string[]): Promise<unknown> => JSON.parse(await print(...parameters))
  const logs = async (limit: number): Promise<readonly CallLine[]> => {
    const answer = await call(url, { path: `/api/v1/calls?limit=${limit}`, key: adminKey })
    assert.equal(answer.status, 200, answer.text)
    return answer.at('data') as readonly CallLine[]
  }
  const stop = async (): Promise<void> => {
    talk.child.kill('SIGTERM')
    const ended = await within(talk.ended, stopTimeoutMs, () => `no end after SIGTERM:\n${talk.stderr()}`)
    assert.deepEqual(ended, { code: 0, signal: null }, `it did not exit cleanly:\n${talk.stderr()}`)
  }
  const kill = async (): Promise<void> => {
    talk.child.kill('SIGKILL')
    await talk.ended
  }
  return {
    url,
    port: Number(new URL(url).port),
    pid: talk.child.pid ?? 0,
    ...place,
    listening,
    stdout: talk.stdout,
    stderr: talk.stderr,
    ended: talk.ended,
    command,
    createKey: async (wish) => {
      const body = { name: 'made-by-a-test', ...wish }
      const answer = await call(url, { path: '/api/v1/keys', key: adminKey, body })
      assert.ok(answer.status < 300, answer.text)
      return JSON.parse(answer.text) as MadeKey
    },
    logs,
    recordOf: ({ headers }) => {
      const id = headers['x-request-id']
      const find = async () => (await logs(recentMax)).find((one) => one['id'] === id)
      return eventually(`the record of ${id}`, find, recordTimeoutMs)
    },
    print,
    edit: async (config) => writeFile(place.configFile, (await postgresFor(place.folder, config))?.config ?? config),
    terminate: () => {
      talk.child.kill('SIGTERM')
    },
    stop,
    kill,
    [Symbol.asyncDispose]: async () => {
      await kill()
      await removeFolder(place.folder)
    },
  }
}

/** On a starved machine a relay refuses calls, as it should; overload has tests of its own, with a server block of their own. */
const patient = 'server: { overload: { loop_delay: 1m } }\n'

/** drover.yaml with one compatible provider on loopback, called `fake`, and what else is given. */
export const configFor = (
  upstream: { readonly baseUrl: string },
  more = '',
): string => `${/^server:/m.test(more) ? '' : patient}providers:
  fake: { vendor: openai-compatible, base_url: "${upstream.baseUrl}", allow_private: true, api_key: "env:FAKE_KEY" }
${more}`

/** The credential of `fake`: must be seen by the upstream and by nobody else. */
export const fakeKey = 'sk-the-operators-own-credential'
