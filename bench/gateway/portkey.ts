import { createRequire } from 'node:module'
import { join } from 'node:path'
import { freePort } from '../../test/e2e/free-port.ts'
import { listening, startProgram } from '../load/program.ts'
import type { Gateway } from './gateway.ts'
import { chatPath, sameModel, startTimeoutMs } from './gateway.ts'

const folder = join(import.meta.dirname, '..', 'peers', 'node_modules', '@portkey-ai', 'gateway')

const versionOf = (): string | null => {
  try {
    const { version } = createRequire(import.meta.url)(join(folder, 'package.json')) as { version: string }
    return version
  } catch {
    // Not installed: `npm ci --prefix bench` was not run, or was refused.
    return null
  }
}

/** The most used gateway in TypeScript. It authenticates nobody, keeps no books and has no limits in its open form. */
export const portkey: Gateway = {
  name: 'portkey',
  version: versionOf,
  absent: 'npm ci --prefix bench/peers --ignore-scripts was not run',
  settings: 'its server as published, headless; provider and host by the headers of its documentation',
  start: async ({ upstreamPort }) => {
    const port = await freePort()
    const script = join(folder, 'build', 'start-server.js')
    const program = startProgram(process.execPath, [script, `--port=${port}`, '--headless'], {
      NODE_ENV: 'production',
      TRUSTED_CUSTOM_HOSTS: '127.0.0.1,localhost',
    })
    await listening(program, port, startTimeoutMs)
    const headers = {
      authorization: 'Bearer sk-bench-of-nobody',
      'x-portkey-provider': 'openai',
      'x-portkey-custom-host': `http://127.0.0.1:${upstreamPort}/v1`,
    }
    return { port, pids: [program.pid], path: chatPath, headers, model: sameModel, booked: null, end: program.end }
  },
}
