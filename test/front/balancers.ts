/** The balancers that deploy/ has files for, started with those files: only addresses and certificates are changed. */

import { strict as assert } from 'node:assert'
import type { ChildProcess } from 'node:child_process'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { freePort } from '../e2e/free-port.ts'
import { eventually } from '../e2e/harness.ts'

const deploy = join(import.meta.dirname, '..', '..', 'deploy')
const startWithinMs = 20_000

export type Balancer = {
  readonly name: string
  readonly url: string
  /** Says that a node is about to end, to one that does not ask by itself; and that it is back. */
  readonly takeOut: (node: string) => Promise<void>
  readonly takeBack: (node: string) => Promise<void>
  readonly [Symbol.asyncDispose]: () => Promise<void>
}

export type BalancerSettings = {
  /** `127.0.0.1:4000` */
  readonly nodes: readonly string[]
  /** Where its files lie. */
  readonly folder: string
}

type Started = { readonly child: ChildProcess; readonly said: () => string }

const startProgram = (command: string, parameters: readonly string[], env: NodeJS.ProcessEnv = {}): Started => {
  const child = spawn(command, parameters, {
    stdio: ['ignore', 'ignore', 'pipe'],
    env: { PATH: `${process.env['PATH']}:/usr/sbin`, ...env },
  })
  let said = ''
  child.once('error', (fault) => {
    said += `${command} is not installed: ${fault.message}`
  })
  child.stderr?.setEncoding('utf8').on('data', (text: string) => {
    said = (said + text).slice(-4000)
  })
  return { child, said: () => said }
}

const end = async ({ child }: Started): Promise<void> => {
  if (child.exitCode !== null || child.signalCode !== null) return
  child.kill('SIGKILL')
  await once(child, 'close')
}

const answers = async (url: string, { child, said }: Started): Promise<void> => {
  await eventually(
    `an answer of ${url}`,
    async () => {
      assert.ok(child.exitCode === null, said())
      const { ok } = await fetch(`${url}/health/readiness`).catch(() => ({ ok: false }))
      return ok ? true : undefined
    },
    startWithinMs,
  )
}

const nothing = async (): Promise<void> => {}

/** A file of deploy/ with every pattern replaced, each of which must be there. */
const changed = (file: string, changes: readonly (readonly [RegExp, string])[]): string => {
  let text = readFileSync(join(deploy, file), 'utf8')
  for (const [pattern, by] of changes) {
    assert.match(text, pattern, `${file} has no ${pattern}`)
    text = text.replace(pattern, by)
  }
  return text
}

const nginx = async ({ nodes, folder }: BalancerSettings): Promise<Balancer> => {
  const port = await freePort()
  const down = new Set<string>()
  const file = join(folder, 'nginx.conf')
  const write = (): void => {
    const servers = nodes.map(
      (node) => `    server ${node} max_fails=1 fail_timeout=2s${down.has(node) ? ' down' : ''};`,
    )
    const site = changed('nginx/drover.conf', [
      [/( {4}server \S+:4000 .*\n)+/, `${servers.join('\n')}\n`],
      [/listen 443 ssl;/, `listen 127.0.0.1:${port};`],
      [/ {4}ssl_certificate .*\n {4}ssl_certificate_key .*\n/, ''],
    ])
    writeFileSync(
      file,
      `daemon off; user root; worker_processes 1; pid ${folder}/nginx.pid; error_log stderr warn;
events { worker_connections 1024; }
http { access_log off; ${['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'].map((name) => `${name}_temp_path ${folder}/${name};`).join(' ')}
${site}}`,
    )
  }
  write()
  const started = startProgram('nginx', ['-c', file, '-p', folder, '-e', 'stderr'])
  const url = `http://127.0.0.1:${port}`
  await answers(url, started)
  const workers = async (): Promise<readonly string[]> => {
    const children = readFileSync(`/proc/${started.child.pid}/task/${started.child.pid}/children`, 'utf8')
    return children.trim().split(' ')
  }
  /** As `nginx -s reload`: resolves when workers with the new file have begun. */
  const reload = async (): Promise<void> => {
    write()
    const before = await workers()
    started.child.kill('SIGHUP')
    await eventually(
      'new workers of nginx',
      async () => ((await workers()).some((one) => !before.includes(one)) ? true : undefined),
      startWithinMs,
    )
  }
  return {
    name: 'nginx',
    url,
    takeOut: async (node) => {
      down.add(node)
      await reload()
    },
    takeBack: async (node) => {
      down.delete(node)
      await reload()
    },
    [Symbol.asyncDispose]: () => end(started),
  }
}

const caddy = async ({ nodes, folder }: BalancerSettings): Promise<Balancer> => {
  const url = `http://127.0.0.1:${await freePort()}`
  const data = join(folder, 'caddy')
  mkdirSync(data)
  const started = startProgram(
    'caddy',
    ['run', '--config', join(deploy, 'caddy', 'Caddyfile'), '--adapter', 'caddyfile'],
    {
      DROVER_SITE: url,
      DROVER_NODES: nodes.join(' '),
      CADDY_ADMIN: `127.0.0.1:${await freePort()}`,
      HOME: data,
      XDG_DATA_HOME: data,
      XDG_CONFIG_HOME: data,
    },
  )
  await answers(url, started)
  return { name: 'Caddy', url, takeOut: nothing, takeBack: nothing, [Symbol.asyncDispose]: () => end(started) }
}

const haproxy = async ({ nodes, folder }: BalancerSettings): Promise<Balancer> => {
  const port = await freePort()
  const file = join(folder, 'haproxy.cfg')
  const servers = nodes.map((node, place) => `    server node-${place + 1} ${node}\n`)
  writeFileSync(
    file,
    changed('haproxy/haproxy.cfg', [
      [/bind :443 .*/, `bind 127.0.0.1:${port}`],
      [/( {4}server \S+ \S+:4000\n)+/, servers.join('')],
    ]),
  )
  const started = startProgram('haproxy', ['-db', '-f', file])
  const url = `http://127.0.0.1:${port}`
  await answers(url, started)
  return { name: 'HAProxy', url, takeOut: nothing, takeBack: nothing, [Symbol.asyncDispose]: () => end(started) }
}

export const balancers = { nginx, caddy, haproxy } as const
