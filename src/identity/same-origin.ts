/** Whether a request with a cookie comes from a page of this server (CSRF). */

/**
 * By `Sec-Fetch-Site`, which pages cannot set; by `Origin` from browsers that do not send it (OWASP, Cross-Site Request
 * Forgery Prevention, read 2026-11-22). A request with neither comes from no browser of today: it may read, and it may do what
 * needs no cookie. `origin` is the server's own.
 */
export const isSameOrigin = (
  headers: Readonly<Record<string, string | undefined>>,
  {
    origin,
    isReading,
    hasCookie,
  }: { readonly origin: string; readonly isReading: boolean; readonly hasCookie: boolean },
): boolean => {
  // What everybody may read, a page of another site may show.
  if (isReading && !hasCookie) return true
  const site = headers['sec-fetch-site']
  // `none`: typed, or a bookmark. Nothing that changes anything begins like that.
  if (site !== undefined) return site === 'same-origin' || (isReading && site === 'none')
  const from = headers['origin']
  if (from !== undefined) return origin !== '' && from === origin
  return isReading || !hasCookie
}
