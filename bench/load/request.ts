/** The bytes of a request, made once. */

import type { Running } from '../gateway/gateway.ts'

export type Asked = {
  readonly model: string
  readonly isStream: boolean
  /** Size of the body, roughly; no less than what a call without text takes. */
  readonly bodyBytes: number
}

const bodyOf = ({ model, isStream, bodyBytes }: Asked): string => {
  const make = (content: string): string =>
    JSON.stringify({
      model,
      max_tokens: 1000,
      stream: isStream,
      ...(isStream ? { stream_options: { include_usage: true } } : {}),
      messages: [
        { role: 'system', content: 'Answer in one sentence.' },
        { role: 'user', content },
      ],
    })
  return make('text '.repeat(Math.max(1, Math.floor((bodyBytes - make('').length) / 5))))
}

/** A chat completion for one gateway. */
export function requestTo(running: Running, asked: Asked): Buffer {
  const body = Buffer.from(bodyOf({ ...asked, model: running.model(asked.model) }))
  const headers = {
    host: `127.0.0.1:${running.port}`,
    'content-type': 'application/json',
    'content-length': String(body.length),
    ...running.headers,
  }
  const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}\r\n`)
  return Buffer.concat([Buffer.from(`POST ${running.path} HTTP/1.1\r\n${lines.join('')}\r\n`), body])
}
