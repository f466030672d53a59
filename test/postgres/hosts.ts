/**
 * Hosts of a small network, each a network namespace: one for the store, some for nodes, and the one that this process is in, where callers
 * and providers are. Nodes reach the store by wires that can be cut one way or slowed; callers reach nodes by another network.
 * Everything lives in namespaces that this process was started in by `inNamespaces`: what is left when it ends, the kernel removes.
 */

import { strict as assert } from 'node:assert'
import type { ChildProcess } from 'node:child_process'
import { execFile, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { chmod } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { promisify } from 'node:util'

const run = promisify(execFile)
const mark = 'DROVER_IN_NAMESPACES'
const ip = (...parameters: readonly string[]) => run('ip', parameters)

/** 198.18.0.0/15 is for benchmarks: no network that a machine is in has it. */
const outside = (place: number): string => `198.18.1.${place}`
const inside = (place: number): string => `198.18.2.${place}`
const here = 254
const storePlace = 1
const firstNodePlace = 11

/** What goes from the node to the store, and what comes back. */
export type Course = 'there' | 'back'
export type Wish = number | 'lost' | `${number}%`

export type NodeHost = {
  readonly name: string
  readonly address: string
  /** What starts a program on it. */
  readonly through: readonly string[]
  /** Milliseconds that the wire to the store takes one way, or that it loses all of it, or a part by chance. */
  readonly wire: (course: Course, wish: Wish) => Promise<void>
  /** Whom it has ever sent anything to on its networks, by address. */
  readonly neighbours: () => Promise<readonly string[]>
}

export type Hosts = {
  readonly address: string
  readonly store: { readonly address: string; readonly through: readonly string[] }
  readonly nodes: readonly NodeHost[]
  /** Whether nodes reach each other on either network; they do in the beginning. */
  readonly apart: (areApart: boolean) => Promise<void>
  readonly [Symbol.asyncDispose]: () => Promise<void>
}

/**
 * Runs this program again as root of namespaces of its own (network, mounts, processes), and gives its exit code, or `null` where this
 * is the one that runs in them. When it is interrupted, its processes, networks and temporary files go with it.
 */
export async function inNamespaces(): Promise<number | null> {
  if (process.env[mark] !== undefined) return null
  assert.equal(
    process.getuid?.(),
    0,
    'network namespaces are made by root: run it as root, or test/postgres/partition.test.ts',
  )
  const folder = mkdtempSync(join(tmpdir(), 'drover-hosts-'))
  // What runs as another user has its folder in this one.
  await chmod(folder, 0o711)
  const own = ['--net', '--pid', '--fork', '--kill-child', '--mount-proc', '--propagation', 'private']
  const child = spawn('unshare', [...own, process.execPath, ...process.execArgv, ...process.argv.slice(1)], {
    stdio: ['ignore', 'inherit', 'inherit'],
    env: { ...process.env, [mark]: '1', TMPDIR: folder },
  })
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => child.kill('SIGKILL'))
  try {
    const [code] = (await once(child, 'close')) as [number | null]
    return code ?? 130
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

const through = (name: string): readonly string[] => ['ip', 'netns', 'exec', name]

/** A host's end of a network: one end of a pair in the host, the other on the bridge. */
const plug = async (host: string, bridge: string, address: string): Promise<void> => {
  const port = `${host}-${bridge}`
  await ip('link', 'add', port, 'type', 'veth', 'peer', 'name', bridge, 'netns', host)
  await ip('link', 'set', port, 'master', bridge, 'up')
  await ip('-n', host, 'address', 'add', `${address}/24`, 'dev', bridge)
  await ip('-n', host, 'link', 'set', bridge, 'up')
}

const python = join(import.meta.dirname, 'wire.py')

/** Says how the wire between two interfaces goes from now on; each wish is answered. */
const startWire = async (near: string, far: string) => {
  const child: ChildProcess = spawn('python3', [python, near, far], { stdio: ['pipe', 'pipe', 'inherit'] })
  const { stdin, stdout } = child
  assert.ok(stdin !== null && stdout !== null)
  const lines = createInterface({ input: stdout })[Symbol.asyncIterator]()
  const answered = async (): Promise<void> => assert.equal((await lines.next()).value, 'ok', 'the wire has ended')
  await answered()
  return {
    set: async (course: Course, wish: Wish): Promise<void> => {
      stdin.write(`${course === 'there' ? near : far} ${wish}\n`)
      await answered()
    },
    end: async (): Promise<void> => {
      stdin.end()
      if (child.exitCode === null) await once(child, 'close')
    },
  }
}

/** The node's end of the inner network, by a wire: two pairs, and a program that passes on between them. */
const plugByWire = async (host: string, address: string) => {
  const [near, far, port] = [`${host}-near`, `${host}-far`, `${host}-in`]
  await ip('link', 'add', near, 'type', 'veth', 'peer', 'name', 'in', 'netns', host)
  await ip('link', 'add', far, 'type', 'veth', 'peer', 'name', port)
  await ip('link', 'set', port, 'master', 'in', 'up')
  for (const end of [near, far]) await ip('link', 'set', end, 'up')
  const wire = await startWire(near, far)
  await ip('-n', host, 'address', 'add', `${address}/24`, 'dev', 'in')
  await ip('-n', host, 'link', 'set', 'in', 'up')
  return wire
}

const makeHost = async (name: string): Promise<void> => {
  await ip('netns', 'add', name)
  await ip('-n', name, 'link', 'set', 'lo', 'up')
}

const makeNode = async (name: string, place: number) => {
  await makeHost(name)
  await plug(name, 'out', outside(place))
  const wire = await plugByWire(name, inside(place))
  const host: NodeHost = {
    name,
    address: outside(place),
    through: through(name),
    wire: wire.set,
    neighbours: async () => {
      const { stdout } = await ip('-json', '-n', name, '-4', 'neigh', 'show', 'nud', 'all')
      const found = JSON.parse(stdout) as readonly { readonly dst: string; readonly state: readonly string[] }[]
      return found.filter(({ state }) => !state.includes('NOARP')).map(({ dst }) => dst)
    },
  }
  return { host, end: wire.end }
}

/** Lays the network out. Only in namespaces of this process's own. */
export async function layHosts(nodeCount: number): Promise<Hosts> {
  assert.ok(process.env[mark] !== undefined, 'hosts are laid out in namespaces of their own')
  await run('mount', ['-t', 'tmpfs', 'tmpfs', '/run'])
  await ip('link', 'set', 'lo', 'up')
  for (const bridge of ['out', 'in']) await ip('link', 'add', bridge, 'type', 'bridge')
  await ip('address', 'add', `${outside(here)}/24`, 'dev', 'out')
  await ip('address', 'add', `${inside(here)}/24`, 'dev', 'in')
  for (const bridge of ['out', 'in']) await ip('link', 'set', bridge, 'up')
  await makeHost('store')
  await plug('store', 'in', inside(storePlace))
  const made: Awaited<ReturnType<typeof makeNode>>[] = []
  for (let index = 0; index < nodeCount; index += 1)
    made.push(await makeNode(`node${index + 1}`, firstNodePlace + index))
  const nodes = made.map(({ host }) => host)
  return {
    address: outside(here),
    store: { address: inside(storePlace), through: through('store') },
    nodes,
    apart: async (areApart) => {
      for (const { name } of nodes)
        for (const network of ['out', 'in'])
          await run('bridge', ['link', 'set', 'dev', `${name}-${network}`, 'isolated', areApart ? 'on' : 'off'])
    },
    [Symbol.asyncDispose]: async () => {
      await Promise.all(made.map(({ end }) => end()))
    },
  }
}
