/** Patterns of names in the file of a migration. */

/** Whether a text is as a pattern says: `*` stands for any text. */
export const fits = (pattern: string, text: string): boolean => {
  const parts = pattern.split('*')
  if (parts.length === 1) return pattern === text
  const first = parts[0] ?? ''
  const last = parts.at(-1) ?? ''
  if (text.length < first.length + last.length || !text.startsWith(first) || !text.endsWith(last)) return false
  let at = first.length
  const end = text.length - last.length
  for (const part of parts.slice(1, -1)) {
    const found = text.indexOf(part, at)
    if (found < 0 || found + part.length > end) return false
    at = found + part.length
  }
  return true
}
