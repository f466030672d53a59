/** The table of endpoints: one parsed match decides what is authorised and what is run. */

import { nearestOf } from '#base/nearest.ts'
import { Problem } from '#base/problem.ts'

/** What kind of request body an endpoint takes; none = a body is not read. `any` = bytes, whatever their type. */
export type BodyKind = 'json' | 'form' | 'any'

export type Endpoint<T> = {
  readonly method: string
  /**
   * `/v1/models/{id}`: a name stands for (a part of) one segment, `{id+}` also for several. Matched as it was sent, values are
   * percent-decoded.
   */
  readonly path: string
  /** Body kinds that are taken; absent: `json` where the method has a body. */
  readonly accepts?: readonly BodyKind[]
  /** Bytes; absent: the server's limit for the kind. */
  readonly bodyLimitBytes?: number
  /** Absent: `false`. Whether a near miss of another path may be answered with this one as the hint. */
  readonly unlisted?: boolean
  /**
   * It also answers every page that a browser asks for and that no other endpoint has, as it was sent, but for paths that begin with
   * one of these. One endpoint of a table may have it.
   */
  readonly pagesExcept?: readonly string[]
  /** Absent: `false`. Whether a request here may become a WebSocket. */
  readonly upgrades?: boolean
  readonly value: T
}

export type EndpointMatch<T> = {
  readonly endpoint: Endpoint<T>
  readonly value: T
  /** The path that matched: as it was sent, or mended. */
  readonly path: string
  readonly parameters: Readonly<Record<string, string>>
}

export type EndpointTable<T> = {
  /**
   * Forgives doubled and trailing slashes, a doubled `/v1` and a missing one, where the path as it is names nothing. HEAD
   * goes where GET does. `wantsPage`: a browser asks for something to look at.
   * @throws Problem `not_found` with the nearest path, `method_not_allowed` with an `allow` header,
   * `invalid_request_error` where a value is not percent-encoded UTF-8.
   */
  readonly match: (method: string, path: string, wantsPage?: boolean) => EndpointMatch<T>
  /** Methods of a path, `null` = no such path. */
  readonly methodsOf: (path: string) => readonly string[] | null
}

type Row<T> = { readonly form: RegExp; readonly names: readonly string[]; readonly endpoint: Endpoint<T> }
type Place<T> = { readonly path: string; readonly rows: readonly Row<T>[] }

/** Longer paths get no hint: the search for one is not free. */
const hintLengthMax = 128

const compile = <T>(endpoint: Endpoint<T>): Row<T> => {
  const names: string[] = []
  const source = endpoint.path.replace(/\{(\w+)(\+?)\}|[^{]+/g, (text, name: string | undefined, rest: string) => {
    if (name === undefined) return text.replace(/[.*+?^$()[\]|\\}]/g, '\\$&')
    names.push(name)
    return rest === '+' ? '(.+)' : '([^/]+)'
  })
  return { form: new RegExp(`^${source}$`), names, endpoint }
}

/** The path as it was sent, then the ways to mend it, in the order in which they are believed. */
const readings = (path: string): string[] => {
  const slashes = path.replace(/\/{2,}/g, '/')
  const bare = slashes.length > 1 && slashes.endsWith('/') ? slashes.slice(0, -1) : slashes
  const single = bare.replace(/^((?:\/anthropic)?)\/(?:v1|v1beta)\/(v1|v1beta)(?=\/)/, '$1/$2')
  return [...new Set([path, bare, single, `/v1${bare}`])]
}

const decoded = (text: string): string => {
  try {
    return decodeURIComponent(text)
  } catch (cause) {
    throw new Problem('invalid_request_error', {
      message: 'The path holds a "%" that does not begin a percent-encoded character of UTF-8. Encode it as %25.',
      cause,
    })
  }
}

/** Named to who asks for a path that is like none. */
const usualPath = '/v1/chat/completions'

const notFound = (path: string, known: readonly string[]): Problem => {
  const shown = path.slice(0, hintLengthMax).replace(/[^\x21-\x7e]/g, '?')
  const tail = path.split('/').slice(-2).join('/')
  const same = known.filter((one) => one.endsWith(`/${tail}`) && tail.includes('/'))
  const nearest = path.length > hintLengthMax ? undefined : (same[0] ?? nearestOf(path, known)[0])
  const usual = known.includes(usualPath) ? ` Models are called under /v1, as at ${usualPath}.` : ''
  const hint = nearest === undefined ? usual : ` Did you mean ${nearest}?`
  return new Problem('not_found', { message: `There is nothing at ${shown}.${hint}` })
}

const methodsIn = <T>(rows: readonly Row<T>[]): string[] => {
  const methods = new Set(rows.map(({ endpoint }) => endpoint.method))
  if (methods.has('GET')) methods.add('HEAD')
  return [...methods.add('OPTIONS')].sort()
}

const findPlace = <T>(
  fixed: ReadonlyMap<string, readonly Row<T>[]>,
  open: readonly Row<T>[],
  path: string,
): Place<T> | null => {
  const asSent = fixed.get(path)
  if (asSent !== undefined) return { path, rows: asSent }
  for (const reading of readings(path)) {
    const rows = fixed.get(reading) ?? open.filter(({ form }) => form.test(reading))
    if (rows.length > 0) return { path: reading, rows }
  }
  return null
}

/** Built once from the whole list. Where several patterns match, paths without names win, then the order of the list. */
export const endpointTable = <T>(endpoints: readonly Endpoint<T>[]): EndpointTable<T> => {
  const rows = endpoints.map(compile)
  const open = rows.filter(({ names }) => names.length > 0)
  const fixed = Map.groupBy(
    rows.filter(({ names }) => names.length === 0),
    ({ endpoint }) => endpoint.path,
  )
  const known = [...new Set(endpoints.filter(({ unlisted }) => unlisted !== true).map(({ path }) => path))]
  const forPages = endpoints.find(({ pagesExcept }) => pagesExcept !== undefined)
  const isPage = (path: string): boolean =>
    !fixed.has(path) &&
    !open.some(({ form }) => form.test(path)) &&
    forPages?.pagesExcept?.every((prefix) => path !== prefix && !path.startsWith(`${prefix}/`)) === true
  const match = (method: string, path: string, wantsPage = false): EndpointMatch<T> => {
    if (wantsPage && forPages !== undefined && isPage(path))
      return { endpoint: forPages, value: forPages.value, path, parameters: {} }
    const place = findPlace(fixed, open, path)
    if (place === null) throw notFound(path, known)
    const wanted = method === 'HEAD' ? 'GET' : method
    const row = place.rows.find(({ endpoint }) => endpoint.method === wanted)
    if (row === undefined) {
      const allow = methodsIn(place.rows).join(', ')
      const message = `${place.path} does not take ${method.slice(0, 16)}; it takes ${allow}.`
      throw new Problem('method_not_allowed', { message, headers: { allow } })
    }
    const values = row.names.length === 0 ? [] : (row.form.exec(place.path)?.slice(1) ?? [])
    const parameters = Object.fromEntries(row.names.map((name, index) => [name, decoded(values[index] ?? '')]))
    return { endpoint: row.endpoint, value: row.endpoint.value, path: place.path, parameters }
  }
  const methodsOf = (path: string): readonly string[] | null => {
    const place = findPlace(fixed, open, path)
    return place === null ? null : methodsIn(place.rows)
  }
  return { match, methodsOf }
}
