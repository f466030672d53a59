/** Plays every cell of the matrix and says what came of each. */

import type { Outcome } from './check.ts'
import { cellsOf, play } from './check.ts'
import { drivers } from './client/index.ts'
import type { Driver, Feature } from './driver.ts'
import { features } from './driver.ts'
import { pythonDrivers } from './python.ts'
import type { Behind, MatrixStage } from './stage.ts'
import { behind } from './stage.ts'

/** What of a client is told in the table, in whatever language it is written. */
export type Client = Pick<Driver, 'name' | 'title' | 'front' | 'lacks' | 'loses'>

export type Verdict =
  /** `warnings`: fields that were said with less, or otherwise. */
  | { readonly kind: 'works'; readonly note: string | null; readonly warnings: readonly string[] }
  | { readonly kind: 'warned'; readonly lost: string; readonly warnings: readonly string[] }
  | { readonly kind: 'nature'; readonly why: string }
  | { readonly kind: 'failed'; readonly message: string }

export type Played = {
  readonly client: Client
  readonly to: Behind
  readonly feature: Feature
  readonly verdict: Verdict
}

/** A cell as it was played: what came of it, or what was thrown. */
export type Raw = {
  readonly client: Client
  readonly to: Behind
  readonly feature: Feature
  readonly outcome: Outcome | { readonly failed: string }
}

/** So many cells at once: most of them wait for a wait that a client was told to keep. */
const atOnce = 16
const cellTimeoutMs = 240_000

const within = async <T>(pending: Promise<T>): Promise<T> => {
  let timer: NodeJS.Timeout | undefined
  const late = new Promise<never>((_resolve, reject) => {
    timer = setTimeout(() => reject(new Error(`it does not end within ${cellTimeoutMs} ms`)), cellTimeoutMs)
  })
  try {
    return await Promise.race([pending, late])
  } finally {
    clearTimeout(timer)
  }
}

type Wanted = (cell: { readonly client: Client; readonly feature: Feature }) => boolean

const playCells = async (stage: MatrixStage, all: readonly Driver[], wanted: Wanted): Promise<readonly Raw[]> => {
  const cells = all
    .flatMap(cellsOf)
    .filter(({ driver, feature }) => driver.lacks[feature] === undefined && wanted({ client: driver, feature }))
    // The slowest first.
    .sort((one, other) => Number(other.feature === 'errors') - Number(one.feature === 'errors'))
  const raw: Raw[] = []
  const worker = async (): Promise<void> => {
    for (let cell = cells.shift(); cell !== undefined; cell = cells.shift()) {
      const { driver: client, to, feature } = cell
      const outcome = await within(play(stage, cell)).catch((thrown: unknown) => ({
        failed: thrown instanceof Error ? thrown.message : String(thrown),
      }))
      raw.push({ client, to, feature, outcome })
    }
  }
  await Promise.all(Array.from({ length: atOnce }, worker))
  return raw
}

/** The name of the models of a cell ends so. */
export const cellName = ({ client, to, feature }: Omit<Raw, 'outcome'>): string =>
  `${client.name}-${to}-${feature.replace(/\W+/g, '')}`

const lossOf = ({ client, to, feature }: Raw): string | null => {
  const loss = client.loses?.[feature]
  return loss === undefined || loss.behind?.includes(to) === false ? null : loss.why
}

const verdictOf = (raw: Raw, warned: readonly string[]): Verdict => {
  const { outcome } = raw
  if ('failed' in outcome) return { kind: 'failed', message: outcome.failed }
  const why = lossOf(raw)
  const { lost, note = null } = outcome
  if (lost === undefined) return { kind: 'works', note, warnings: warned }
  if (why !== null) return { kind: 'nature', why }
  const named = warned.filter((warning) => /thought/.test(warning))
  if (named.length > 0) return { kind: 'warned', lost, warnings: named }
  return { kind: 'failed', message: `lost, and nobody said so: ${lost}` }
}

/** The relay's warnings are asked for at the end, of all cells at once. */
export const playAll = async (stage: MatrixStage, wanted: Wanted = () => true): Promise<readonly Played[]> => {
  // One of the clients prints a paragraph for each model that it does not know.
  Object.assign(globalThis, { AI_SDK_LOG_WARNINGS: false })
  const python = pythonDrivers()
  const all = await playCells(stage, [...drivers, ...python.drivers], wanted).finally(python.close)
  const warnings = await stage.warnings()
  const played = all.map((raw): Played => {
    const { client, to, feature } = raw
    return { client, to, feature, verdict: verdictOf(raw, [...(warnings.get(cellName(raw)) ?? [])].sort()) }
  })
  const clients = [...new Map(played.map(({ client }) => [client.name, client])).values()]
  const absent = clients.flatMap((client) =>
    features.flatMap((feature): readonly Played[] => {
      const why = client.lacks[feature]
      return why === undefined ? [] : behind.map((to) => ({ client, to, feature, verdict: { kind: 'nature', why } }))
    }),
  )
  return [...played, ...absent]
}
