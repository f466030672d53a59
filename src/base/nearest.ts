/** What a person probably meant: the known names that lie closest to a mistyped one. */

const lengthMax = 64

/** Insertions, deletions, substitutions and swaps of neighbours that make one text of the other, case aside. */
const distance = (left: string, right: string): number => {
  const a = left.slice(0, lengthMax).toLowerCase()
  const b = right.slice(0, lengthMax).toLowerCase()
  let beforeLast: number[] = []
  let last = Array.from({ length: b.length + 1 }, (_unused, index) => index)
  for (let row = 1; row <= a.length; row += 1) {
    const current = [row]
    for (let column = 1; column <= b.length; column += 1) {
      const same = a[row - 1] === b[column - 1]
      let best = Math.min(
        (last[column] ?? 0) + 1,
        (current[column - 1] ?? 0) + 1,
        (last[column - 1] ?? 0) + (same ? 0 : 1),
      )
      const swapped = row > 1 && column > 1 && a[row - 1] === b[column - 2] && a[row - 2] === b[column - 1]
      if (swapped) best = Math.min(best, (beforeLast[column - 2] ?? 0) + 1)
      current.push(best)
    }
    beforeLast = last
    last = current
  }
  return last[b.length] ?? a.length
}

const differenceMax = (text: string, name: string): number =>
  Math.max(2, Math.floor(Math.max(text.length, name.length) / 3))

/**
 * Up to `countMax` of the known names that lie near the text, nearest first: at most a third of the characters differ
 * (at least two may), or one begins with the other (three characters or more).
 */
export const nearestOf = (text: string, known: readonly string[], countMax = 1): readonly string[] => {
  const lower = text.toLowerCase()
  const begins = (name: string): boolean =>
    Math.min(name.length, lower.length) >= 3 &&
    (name.toLowerCase().startsWith(lower) || lower.startsWith(name.toLowerCase()))
  return known
    .map((name) => ({ name, away: distance(text, name) }))
    .filter(
      ({ name, away }) =>
        (away <= differenceMax(text, name) && away < Math.max(text.length, name.length)) || begins(name),
    )
    .sort((a, b) => a.away - b.away || (a.name < b.name ? -1 : 1))
    .slice(0, countMax)
    .map(({ name }) => name)
}

/** `; did you mean 'port'?`, or nothing where no known name is near. */
export const meantText = (text: string, known: readonly string[]): string => {
  const [nearest] = nearestOf(text, known)
  return nearest === undefined ? '' : `; did you mean '${nearest}'?`
}
