/**
 * The payloads through nginx, HAProxy, Caddy and Apache: a front and the relay must agree on how many requests there are, on their paths and
 * bodies, or one of them refuses. `bin/drover-node test/fuzz/http/fronts.ts [nginx haproxy caddy apache] [--runs 500] [--seed 1]`: the corpus,
 * and so many payloads changed by chance. What is named must be installed (Debian: nginx-light haproxy caddy apache2). Every front stamps each
 * request that it sees with a number of its own, over whatever the caller wrote there: a request that the relay takes without a stamp, or with
 * one that it has seen, was smuggled. After each payload another caller asks on a connection of its own, and must get its own answer.
 * Figures as JSON, exit 1 where they disagree.
 */

import { strict as assert } from 'node:assert'
import { Buffer } from 'node:buffer'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { makeChance } from '../../e2e/chance.ts'
import { freePort } from '../../e2e/free-port.ts'
import { eventually } from '../../e2e/harness.ts'
import type { Payload } from './payload.ts'
import { bytesOf } from './payload.ts'
import { mutated, payloads } from './payloads.ts'
import type { Recorder } from './recorder.ts'
import { send, startRecorder } from './recorder.ts'

type Place = { readonly port: number; readonly relay: number; readonly folder: string }
type Front = {
  readonly file: string
  readonly config: (place: Place) => string
  readonly command: (file: string) => readonly [string, readonly string[]]
}

const temporary = (folder: string): string =>
  ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'].map((name) => `${name}_temp_path ${folder}/${name};`).join(' ')

const fronts: Readonly<Record<string, Front>> = {
  nginx: {
    file: 'nginx.conf',
    config: ({
      port,
      relay,
      folder,
    }) => `daemon off; user root; worker_processes 1; pid ${folder}/pid; error_log /dev/null;
events { worker_connections 512; }
http { access_log off; ${temporary(folder)}
  upstream relay { server 127.0.0.1:${relay}; keepalive 2; }
  server { listen 127.0.0.1:${port}; underscores_in_headers on; ignore_invalid_headers off;
    location / { proxy_pass http://relay; proxy_http_version 1.1; proxy_set_header Connection ""; proxy_set_header Host $http_host;
      proxy_request_buffering off; proxy_set_header X-Front-Stamp $request_id; proxy_set_header X-Front-Target $request_uri; } } }
`,
    command: (file) => ['nginx', ['-c', file, '-e', 'stderr']],
  },
  haproxy: {
    file: 'haproxy.cfg',
    config: ({ port, relay }) => `defaults
    mode http
    timeout client 5s
    timeout server 5s
    timeout connect 2s
    http-reuse always
frontend in
    bind 127.0.0.1:${port}
    http-request set-header X-Front-Stamp %[uuid()]
    http-request set-header X-Front-Target %[pathq]
    default_backend relay
backend relay
    server relay 127.0.0.1:${relay}
`,
    command: (file) => ['haproxy', ['-db', '-f', file]],
  },
  caddy: {
    file: 'Caddyfile',
    config: ({ port, relay }) => `{
  admin off
  auto_https off
}
http://127.0.0.1:${port}, http://relay.test:${port}, http://:${port} {
  reverse_proxy 127.0.0.1:${relay} {
    flush_interval -1
    header_up X-Front-Stamp {http.request.uuid}
    header_up X-Front-Target {http.request.orig_uri}
  }
}
`,
    command: (file) => ['caddy', ['run', '--config', file, '--adapter', 'caddyfile']],
  },
  apache: {
    file: 'apache.conf',
    config: ({ port, relay, folder }) => {
      const modules = '/usr/lib/apache2/modules'
      const load = ['mpm_event', 'authz_core', 'proxy', 'proxy_http', 'headers', 'unique_id']
      return `ServerRoot ${folder}
ServerName relay.test
PidFile ${folder}/apache.pid
ErrorLog /dev/null
${load.map((name) => `LoadModule ${name}_module ${modules}/mod_${name}.so`).join('\n')}
Listen 127.0.0.1:${port}
User www-data
Group www-data
ProxyPreserveHost On
RequestHeader set X-Front-Stamp "expr=%{env:UNIQUE_ID}"
RequestHeader set X-Front-Target "expr=%{THE_REQUEST}"
ProxyPass / http://127.0.0.1:${relay}/ nocanon
`
    },
    command: (file) => ['apache2', ['-D', 'FOREGROUND', '-f', file]],
  },
}

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { runs: { type: 'string', default: '500' }, seed: { type: 'string', default: '1' } },
})
const names = positionals.length > 0 ? positionals : Object.keys(fronts)
const idleMs = 400
const atOnce = 16

type Figures = { payloads: number; taken: number; refused: number; victims: number; faults: string[] }

/** The statuses in what came back, interim ones left out. */
const statusesIn = (answer: string): readonly number[] =>
  [...answer.matchAll(/HTTP\/1\.[01] (\d{3})/g)].map(([, status]) => Number(status)).filter((status) => status >= 200)

/** Fronts show a target with or without its scheme and host, and pass a fragment on as it is or encoded; the relay mends doubled slashes. */
const plainPath = (target: string): string => {
  const path = target.replace(/^[a-z]+:(\/\/[^/?#]*)?/i, '')
  const plain = (text: string): string => text.replace(/[?#].*$/s, '').replace(/\/+/g, '/') || '/'
  try {
    return plain(decodeURIComponent(path))
  } catch {
    return plain(path)
  }
}

/** Apache shows the whole first line. The relay serves `/` at `/v1/` where nothing else is. */
const samePath = (front: string, seen: string): boolean => {
  const target = plainPath(front.includes(' ') ? (front.trim().split(/\s+/)[1] ?? '') : front)
  return target === plainPath(seen) || (target === '/' && seen === '/v1/')
}

const tryAll = async (port: number, recorder: Recorder, all: readonly Payload[]): Promise<Figures> => {
  const figures: Figures = { payloads: all.length, taken: 0, refused: 0, victims: 0, faults: [] }
  const stamps = new Set<string>()
  let asked = 0
  const victim = async (): Promise<void> => {
    const path = `/victim-${asked++}`
    const bytes = Buffer.from(`GET ${path} HTTP/1.1\r\nHost: relay.test\r\nConnection: close\r\n\r\n`)
    const answer = await send({ port, bytes, idleMs: 20_000 })
    figures.victims += 1
    if (!answer.includes(`"path":"${path}"`)) figures.faults.push(`${path} got ${JSON.stringify(answer.slice(0, 300))}`)
  }
  const tryOne = async (payload: Payload): Promise<void> => {
    const answer = await send({ port, bytes: bytesOf(payload), idleMs })
    if (statusesIn(answer).includes(200)) figures.taken += 1
    else figures.refused += 1
    if (payload.isPlain === true && !answer.includes('"path"'))
      figures.faults.push(`${payload.name}: ${answer.slice(0, 200)}`)
    await victim()
  }
  for (let at = 0; at < all.length; at += atOnce) {
    const before = recorder.handled.length
    await Promise.all(all.slice(at, at + atOnce).map(tryOne))
    for (const one of recorder.handled.slice(before)) {
      const stamp = one.headers['x-front-stamp'] ?? ''
      const target = one.headers['x-front-target'] ?? ''
      const where = `one of ${JSON.stringify(all.slice(at, at + atOnce).map(({ name }) => name))}`
      if (stamp === '' || stamp === 'forged' || stamps.has(stamp))
        figures.faults.push(`${one.method} ${one.path} was never seen by the front: ${where}`)
      if (!samePath(target, one.path)) figures.faults.push(`the front saw ${target}, the relay ${one.path}: ${where}`)
      stamps.add(stamp)
    }
  }
  return figures
}

const tryFront = async (name: string, all: readonly Payload[]): Promise<Figures> => {
  const front = fronts[name]
  assert.ok(front !== undefined, `no front is called ${name}; there are ${Object.keys(fronts).join(', ')}`)
  const folder = await mkdtemp(join(tmpdir(), 'drover-fronts-'))
  await using recorder = await startRecorder()
  const port = await freePort()
  const file = join(folder, front.file)
  await writeFile(file, front.config({ port, relay: recorder.port, folder }))
  const [command, parameters] = front.command(file)
  const environment = {
    PATH: `${process.env['PATH']}:/usr/sbin`,
    HOME: folder,
    XDG_DATA_HOME: folder,
    XDG_CONFIG_HOME: folder,
  }
  const child = spawn(command, parameters, { stdio: ['ignore', 'ignore', 'pipe'], env: environment })
  let said = ''
  child.once('error', ({ message }) => {
    said += message
  })
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    said = (said + text).slice(-2000)
  })
  try {
    const ready = Buffer.from('GET /ready HTTP/1.1\r\nHost: relay.test\r\nConnection: close\r\n\r\n')
    await eventually(
      `${name} answers`,
      async () => {
        assert.ok(child.exitCode === null && child.pid !== undefined, `${name}: ${said}`)
        return (await send({ port, bytes: ready, idleMs: 2_000 })).includes('"/ready"') ? true : undefined
      },
      30_000,
    )
    return await tryAll(port, recorder, all)
  } finally {
    if (child.pid !== undefined && child.exitCode === null) {
      child.kill('SIGTERM')
      await once(child, 'close')
    }
    await rm(folder, { recursive: true, force: true })
  }
}

const chance = makeChance(Number(values.seed))
const all = [...payloads, ...Array.from({ length: Number(values.runs) }, () => mutated(chance))]
const report: Record<string, Figures> = {}
for (const name of names) report[name] = await tryFront(name, all)
process.stdout.write(`${JSON.stringify({ seed: Number(values.seed), fronts: report }, null, 2)}\n`)
process.exitCode = Object.values(report).every(({ faults }) => faults.length === 0) ? 0 : 1
