import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { freePort } from '../../test/e2e/free-port.ts'
import { listening, printed, startProgram } from '../load/program.ts'
import type { Gateway } from './gateway.ts'
import { chatPath, sameModel, startTimeoutMs } from './gateway.ts'

const configOf = (folder: string, port: number, upstreamPort: number): string => `
daemon off;
worker_processes 1;
pid ${folder}/nginx.pid;
error_log ${folder}/error.log warn;
events { worker_connections 16384; }
http {
  access_log off;
  client_body_temp_path ${folder}/body;
  proxy_temp_path ${folder}/proxy;
  fastcgi_temp_path ${folder}/fastcgi;
  uwsgi_temp_path ${folder}/uwsgi;
  scgi_temp_path ${folder}/scgi;
  client_max_body_size 64m;
  client_body_buffer_size 2m;
  keepalive_requests 1000000;
  upstream provider { server 127.0.0.1:${upstreamPort}; keepalive 4096; keepalive_requests 1000000; }
  server {
    listen 127.0.0.1:${port} backlog=8192;
    location / {
      proxy_pass http://provider;
      proxy_http_version 1.1;
      proxy_set_header Connection "";
      proxy_buffering off;
      proxy_read_timeout 1h;
    }
  }
}
`

/** The floor: a proxy in C that knows nothing of what passes. */
export const nginx: Gateway = {
  name: 'nginx',
  version: () => printed('nginx', '-v'),
  absent: 'the package nginx of Debian is not installed',
  settings: 'one worker, kept connections on both sides, no buffering of answers, no log',
  start: async ({ folder, upstreamPort }) => {
    const port = await freePort()
    const file = join(folder, 'nginx.conf')
    await writeFile(file, configOf(folder, port, upstreamPort))
    const program = startProgram('nginx', ['-c', file, '-p', folder])
    await listening(program, port, startTimeoutMs)
    return { port, pids: [program.pid], path: chatPath, headers: {}, model: sameModel, booked: null, end: program.end }
  },
}
