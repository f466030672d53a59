/** Refusals that people meet in the console: by code, in English. What there is not, what is there already, and what stands in another state. Each code is worded in the console as well. */

import type { Sentence } from './sentence.ts'

export const objectRefusals = {
  no_such: ({ noun, handle }: { noun: string; handle: string }) => `There is no ${noun} '${handle}'.`,
  no_call: ({ id }: { id: string }) =>
    `There is no call '${id}'. Ids are in the x-request-id header of answers, and in 'drover logs'; old calls are deleted after retention.calls.`,
  no_ended_call: ({ id }: { id: string }) =>
    `There is no call '${id}'. Ids are in the x-request-id header of answers, and in 'drover logs'; a call is in the log when it has ended, and old calls are deleted after retention.calls.`,
  call_under_way: ({ id, held }: { id: string; held: string }) =>
    `Call '${id}' is under way, and ${held} USD is held for it; it is in the log when it has ended.`,
  call_interrupted: ({ id, state, charged, held }: { id: string; state: string; charged: string; held: string }) =>
    `Of call '${id}' there is no record, since its server ended while it was under way. The books say: ${state}, ${charged} USD charged of ${held} USD that was held.`,
  token_uri: ({ url }: { url: string }) =>
    `The token_uri of the service account must be ${url}. Give the JSON as Google made it.`,
  no_own_credential: ({ handle, provider }: { handle: string; provider: string }) =>
    `Account '${handle}' has no credential of its own for '${provider}'. 'drover credentials list' shows those that there are.`,
  no_event: ({ event }: { event: string }) =>
    `There is no event '${event}'. Ids are in 'drover events'; old events are deleted after 90 days.`,
  no_recipient: ({ name }: { name: string }) =>
    `The configuration has no recipient '${name}'. Recipients are declared in drover.yaml under 'recipients'.`,
  project_archived: ({ name }: { name: string }) =>
    `Project ${name} is archived: it takes no keys. Choose another one.`,
  regions_outside: ({ regions }: { regions: string }) =>
    `The key's regions lie outside those of its project (${regions}). Choose some of these.`,
  no_key: ({ handle }: { handle: string }) =>
    `There is no key '${handle}'. 'drover keys list' shows those that there are.`,
  nothing_to_rotate: ({ id, state }: { id: string; state: string }) =>
    `The key ${id} is ${state}, so there is nothing to rotate. Make a new one with 'drover keys create'.`,
  declared_twice: ({ first, second, name }: { first: string; second: string; name: string }) =>
    `${first} and ${second} both declare migration "${name}".`,
  managed_by_file: ({ name, file }: { name: string; file: string }) =>
    `Migration "${name}" is managed by file (${file}) and reads otherwise there. Change that file, and say its name: drover migrate start ${name}.`,
  decided_by_others: ({ name }: { name: string }) =>
    `Migration "${name}" was decided on by others again and again. Look at it and try again.`,
  no_migration: ({ name }: { name: string }) =>
    `There is no migration '${name}'. 'drover migrate list' shows those that there are.`,
  no_node: ({ id }: { id: string }) => `There is no node ${id}. 'drover nodes list' shows them.`,
  node_alive: ({ id }: { id: string }) => `Node ${id} is alive: stop it first.`,
  no_project: ({ handle }: { handle: string }) =>
    `There is no project '${handle}' in this organisation. 'drover projects list' shows those that there are.`,
  no_file: () =>
    "This server runs without a configuration file: 'drover init' writes one, and 'drover serve --config drover.yaml' takes it.",
  file_changed: ({ path }: { path: string }) =>
    `${path} has changed since it was shown. Read the settings again, and make the change there.`,
  from_before_to: () => "'from' must be before 'to'.",
  project_exists: ({ name }: { name: string }) =>
    `The organisation already has a project named "${name}". Choose another name.`,
  only_owner: ({ who }: { who: string }) =>
    `${who} is the only owner of the organisation. Make another member owner first, one who signs in.`,
  organisation_exists: ({ name }: { name: string }) =>
    `There is already an organisation named "${name}". Choose another name.`,
  already_member: ({ who }: { who: string }) =>
    `${who} is a member already. 'drover members role' changes what they may do.`,
  migration_exists: ({ name, phase }: { name: string; phase: string }) =>
    `There is a migration "${name}" already, and it is ${phase}. Roll it back or abort it, or give this one another name.`,
  name_exists: ({ noun, name }: { noun: string; name: string }) =>
    `There is already an ${noun} named "${name}". Choose another name.`,
  file_stays: ({ why }: { why: Sentence }) => `The file stays as it is: ${why.text}`,
  fault_at: ({ place, path, what }: { place: string; path: string; what: string }) => {
    const head = [place, path].filter((one) => one !== '').join(' ')
    return head === '' ? what : `${head}: ${what}`
  },
  setting_not_offered: ({ path }: { path: string }) => `${path}: is no setting that is offered here`,
  setting_in_file_alone: ({ path }: { path: string }) =>
    `${path}: leads to secrets or files, and is changed in the file alone`,
  setting_needed: ({ path }: { path: string }) => `${path}: must be given`,
  setting_in_other_form: ({ path }: { path: string }) =>
    `${path}: stands in the file in a form that is not changed from here`,
  file_unwritable: ({ path, code }: { path: string; code: string }) =>
    `${path} cannot be written (${code}): it is mounted read-only, or belongs to somebody else. Change it where it comes from; the difference says what to write.`,
  file_unreadable: ({ path, code }: { path: string; code: string }) => `${path} cannot be read (${code}).`,
  file_changed_meanwhile: ({ path }: { path: string }) =>
    `${path} was changed meanwhile. Look at it again, then change it.`,
} as const
