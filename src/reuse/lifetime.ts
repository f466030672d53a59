/** How long an answer may be given again, as people write it. */

const unitsMs: Readonly<Record<string, number>> = { s: 1_000, m: 60_000, h: 3_600_000 }
const lifetimeMsMax = 86_400_000

/** Milliseconds of `30s`, `5m` or `2h`, up to a day; `null` for any other text. */
export const cacheMsOf = (text: string): number | null => {
  const [, size, unit] = /^([1-9]\d{0,5})(s|m|h)$/.exec(text) ?? []
  const lifetimeMs = Number(size) * (unitsMs[unit ?? ''] ?? Number.NaN)
  return lifetimeMs <= lifetimeMsMax ? lifetimeMs : null
}
