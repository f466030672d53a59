/** Certificates of the test's own, made by openssl: an authority, and what it signs. */

import { execFile } from 'node:child_process'
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'

const run = promisify(execFile)

export type Certificate = { readonly certificate: string; readonly key: string }
export type Authority = {
  readonly certificate: string
  /** Signs a certificate for a name; `names`: what a server is called by, as openssl writes them (`IP:127.0.0.1`). */
  readonly sign: (name: string, names?: string) => Promise<Certificate>
  readonly [Symbol.asyncDispose]: () => Promise<void>
}

const newKey = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes']

export async function makeAuthority(): Promise<Authority> {
  const folder = await mkdtemp(join(tmpdir(), 'drover-authority-'))
  const openssl = (...parameters: readonly string[]) => run('openssl', parameters, { cwd: folder })
  const subject = ['-subj', '/CN=authority of a test', '-days', '2']
  await openssl('req', '-x509', ...newKey, '-keyout', 'ca.key', '-out', 'ca.pem', ...subject)
  let count = 0
  return {
    certificate: await readFile(join(folder, 'ca.pem'), 'utf8'),
    sign: async (name, names) => {
      count += 1
      const [key, request, signed, more] = ['key', 'csr', 'pem', 'ext'].map((end) => `${count}.${end}`) as [
        string,
        string,
        string,
        string,
      ]
      await openssl('req', ...newKey, '-keyout', key, '-out', request, '-subj', `/CN=${name}`)
      await writeFile(join(folder, more), names === undefined ? '' : `subjectAltName=${names}\n`)
      const by = ['-CA', 'ca.pem', '-CAkey', 'ca.key', '-CAcreateserial', '-days', '2']
      await openssl('x509', '-req', '-in', request, '-out', signed, ...by, '-extfile', more)
      const read = (file: string): Promise<string> => readFile(join(folder, file), 'utf8')
      return { certificate: await read(signed), key: await read(key) }
    },
    [Symbol.asyncDispose]: () => rm(folder, { recursive: true, force: true }),
  }
}
