/** A processor profile of V8 as a tree of what called what, and who used the time. */

import { readFileSync } from 'node:fs'
import { z } from 'zod'

const profileForm = z.object({
  nodes: z.array(
    z.object({
      id: z.number(),
      callFrame: z.object({ functionName: z.string(), url: z.string(), lineNumber: z.number() }),
      children: z.array(z.number()).optional(),
    }),
  ),
  samples: z.array(z.number()),
  timeDeltas: z.array(z.number()),
})

export type Frame = {
  readonly name: string
  /** Microseconds of this call and of all that it called. */
  totalUs: number
  selfUs: number
  readonly children: Map<string, Frame>
}

/** A thread that was not scheduled is no work of whoever it was in. */
const deltaMaxUs = 5_000
const notWork = new Set(['(idle)', '(program)', '(root)'])

const frame = (name: string): Frame => ({ name, totalUs: 0, selfUs: 0, children: new Map() })

/** `relay src/relay/relay.ts`, `writev`: what a person finds again, without lines that move. */
const nameOf = (functionName: string, url: string): string => {
  const file = /(?:.*\/)?((?:src|node_modules)\/.*|node:.*)$/.exec(url)?.[1]?.replace('node_modules/', '') ?? ''
  return `${functionName === '' ? '(anonymous)' : functionName} ${file}`.trim()
}

/** Reads a `.cpuprofile`. Idle time is left out. */
export function readProfile(file: string): Frame {
  const { nodes, samples, timeDeltas } = profileForm.parse(JSON.parse(readFileSync(file, 'utf8')))
  const byId = new Map(nodes.map((node) => [node.id, node]))
  const parents = new Map(nodes.flatMap(({ id, children = [] }) => children.map((child) => [child, id] as const)))
  const spent = new Map<number, number>()
  for (const [at, id] of samples.entries())
    spent.set(id, (spent.get(id) ?? 0) + Math.min(deltaMaxUs, Math.max(0, timeDeltas[at] ?? 0)))
  const root = frame('all')
  for (const [id, us] of spent) {
    const path: string[] = []
    for (let at: number | undefined = id; at !== undefined; at = parents.get(at)) {
      const found = byId.get(at)?.callFrame
      if (found !== undefined && found.functionName !== '(root)') path.unshift(nameOf(found.functionName, found.url))
    }
    if (notWork.has(path[0] ?? '(root)')) continue
    let here = root
    here.totalUs += us
    for (const name of path) {
      const next = here.children.get(name) ?? frame(name)
      here.children.set(name, next)
      next.totalUs += us
      here = next
    }
    here.selfUs += us
  }
  return root
}

/** Shares of the whole by name, the largest first: of the time in it alone, whoever called it. */
export function selfShares(root: Frame, countMax: number): readonly (readonly [name: string, share: number])[] {
  const sums = new Map<string, number>()
  const walk = (one: Frame): void => {
    sums.set(one.name, (sums.get(one.name) ?? 0) + one.selfUs)
    for (const child of one.children.values()) walk(child)
  }
  walk(root)
  return [...sums]
    .sort(([, a], [, b]) => b - a)
    .slice(0, countMax)
    .map(([name, us]) => [name, us / root.totalUs] as const)
}
