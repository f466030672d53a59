/** What one line of settings says, in pieces: `ENV A=1 B=2`, `{ name = "A", value = "1" }`, `{ model: x, base_url: y }`. */

/** A group that holds no other one; what is filled in (`${NAME}`) belongs to its values. */
const groupForm = /(?<![$#{\w])\{((?:[^{}]|\$\{[^{}]*\})+)\}/g
const entryForm = /^\s*["']?([A-Za-z_][\w.\-/]*)["']?\s*[:=]\s*(.+)$/

/** Entries between commas that stand in no quotes. */
const entriesIn = (group: string): readonly string[] =>
  group.match(/(?:"(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*'|[^,"'])+/g)?.map((entry) => entry.trim()) ?? []

/** `{ name: A, value: 1 }` is a variable that is set; of other records each entry speaks for itself. */
const ofGroup = (group: string): readonly string[] => {
  const entries = entriesIn(group).filter((entry) => entryForm.test(entry))
  const said = (key: RegExp): string | undefined => {
    const found = entries.map((entry) => entryForm.exec(entry)).find((match) => key.test(match?.[1] ?? ''))
    return found?.[2]
  }
  const name = said(/^name$/i)?.replace(/^["']|["']$/g, '')
  const value = said(/^value$/i)
  return name !== undefined && value !== undefined ? [`${name}=${value}`] : entries
}

const dockerPairs = /^\s*ENV\s+((?:[A-Za-z_]\w*=(?:"(?:[^"\\]|\\.)*"|'[^']*'|[^\s"']+)\s*)+)\\?\s*$/
const dockerPair = /[A-Za-z_]\w*=(?:"(?:[^"\\]|\\.)*"|'[^']*'|[^\s"']+)/g

/** The settings of a line, each as a line of its own; empty where the line is one setting, or none. */
export const statementsIn = (line: string): readonly string[] => {
  const docker = dockerPairs.exec(line)?.[1]?.match(dockerPair)
  if (docker != null) return docker
  return [...line.matchAll(groupForm)].flatMap(([, group = '']) => ofGroup(group))
}
