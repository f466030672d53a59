/** Marks in a body's text: names that stand in it wherever something is asked for, looked for before anything is read. */

/**
 * A letter written by its number (`\u0061`): no serialiser does that, so that whoever does may be hiding a name. Go writes `<`, `>` and
 * `&` so, Python whatever is not ASCII; both are left alone.
 */
const hiddenLetter = String.raw`\\u00[4-7]`

/**
 * One pattern for all marks, which is passed over the text once. Each begins with a quotation mark, as every name in JSON does: that alone is
 * looked for in most of the text. One that began otherwise would make every letter of it a place to try.
 */
export const markPattern = (marks: readonly string[]): RegExp => {
  const written = marks.map((mark) => mark.replace(/[.*+?^${}()|[\]\\]/g, String.raw`\$&`))
  return new RegExp([...written, hiddenLetter].join('|'))
}

/** Whether any mark stands among a body's names, or a name that is hidden from such a search. */
export const bearsMark = (names: string, pattern: RegExp): boolean => pattern.test(names)
