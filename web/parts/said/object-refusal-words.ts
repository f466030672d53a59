/** Refusals of the relay. What there is not, what is there already, and what stands in another state. */

import type { SaidTables } from '#admin/contract.ts'
import { words } from '#parts/words.ts'
import type { SaidWords } from './tell.ts'

const object = words({
  no_such: ["There is no {noun:noun} '{handle}'.", '没有{noun:noun}“{handle}”。'],
  no_call: [
    "There is no call '{id}'. Ids are in the x-request-id header of answers, and in 'drover logs'; old calls are deleted after retention.calls.",
    '没有调用“{id}”。ID 见回答的 x-request-id 标头与“drover logs”；旧调用在 retention.calls 之后删除。',
  ],
  no_ended_call: [
    "There is no call '{id}'. Ids are in the x-request-id header of answers, and in 'drover logs'; a call is in the log when it has ended, and old calls are deleted after retention.calls.",
    '没有调用“{id}”。ID 见回答的 x-request-id 标头与“drover logs”；调用结束后才进入日志，旧调用在 retention.calls 之后删除。',
  ],
  call_under_way: [
    "Call '{id}' is under way, and {held} USD is held for it; it is in the log when it has ended.",
    '调用“{id}”正在进行，已为其预留 {held} 美元；结束后才进入日志。',
  ],
  call_interrupted: [
    "Of call '{id}' there is no record, since its server ended while it was under way. The books say: {state}, {charged} USD charged of {held} USD that was held.",
    '调用“{id}”没有记录：它进行时服务器已终止。账本记载：{state}，预留 {held} 美元，收取 {charged} 美元。',
  ],
  token_uri: [
    'The token_uri of the service account must be {url}. Give the JSON as Google made it.',
    '服务账号的 token_uri 必须是 {url}。请提供 Google 生成的原始 JSON。',
  ],
  no_own_credential: [
    "Account '{handle}' has no credential of its own for '{provider}'. 'drover credentials list' shows those that there are.",
    '账户“{handle}”没有“{provider}”的自有凭据。“drover credentials list”列出现有的。',
  ],
  no_event: [
    "There is no event '{event}'. Ids are in 'drover events'; old events are deleted after 90 days.",
    '没有事件“{event}”。ID 见“drover events”；旧事件在 90 天后删除。',
  ],
  no_recipient: [
    "The configuration has no recipient '{name}'. Recipients are declared in drover.yaml under 'recipients'.",
    '配置中没有接收方“{name}”。接收方在 drover.yaml 的“recipients”中声明。',
  ],
  project_archived: [
    'Project {name} is archived: it takes no keys. Choose another one.',
    '项目 {name} 已归档，不能再有密钥，请选择其他项目。',
  ],
  regions_outside: [
    "The key's regions lie outside those of its project ({regions}). Choose some of these.",
    '密钥的区域超出其项目的范围（{regions}），请从中选择。',
  ],
  no_key: [
    "There is no key '{handle}'. 'drover keys list' shows those that there are.",
    '没有密钥“{handle}”。“drover keys list”列出现有的。',
  ],
  nothing_to_rotate: [
    "The key {id} is {state}, so there is nothing to rotate. Make a new one with 'drover keys create'.",
    '密钥 {id} 的状态为 {state}，无法轮换。请用“drover keys create”新建。',
  ],
  declared_twice: [
    '{first} and {second} both declare migration "{name}".',
    '{first} 与 {second} 都声明了迁移“{name}”。',
  ],
  managed_by_file: [
    'Migration "{name}" is managed by file ({file}) and reads otherwise there. Change that file, and say its name: drover migrate start {name}.',
    '迁移“{name}”由文件（{file}）管理，且内容不同。请更改该文件并使用其名称：drover migrate start {name}。',
  ],
  decided_by_others: [
    'Migration "{name}" was decided on by others again and again. Look at it and try again.',
    '迁移“{name}”一再被他人更改，请查看后重试。',
  ],
  no_migration: [
    "There is no migration '{name}'. 'drover migrate list' shows those that there are.",
    '没有迁移“{name}”。“drover migrate list”列出现有的。',
  ],
  no_node: ["There is no node {id}. 'drover nodes list' shows them.", '没有节点 {id}。“drover nodes list”列出现有的。'],
  node_alive: ['Node {id} is alive: stop it first.', '节点 {id} 正在运行，请先停止。'],
  no_project: [
    "There is no project '{handle}' in this organisation. 'drover projects list' shows those that there are.",
    '此组织没有项目“{handle}”。“drover projects list”列出现有的。',
  ],
  no_file: [
    "This server runs without a configuration file: 'drover init' writes one, and 'drover serve --config drover.yaml' takes it.",
    '此服务器没有配置文件：“drover init”生成一个，“drover serve --config drover.yaml”使用它。',
  ],
  file_changed: [
    '{path} has changed since it was shown. Read the settings again, and make the change there.',
    '{path} 在显示之后已更改。请重新读取设置，再作更改。',
  ],
  from_before_to: ["'from' must be before 'to'.", '开始时间必须早于结束时间。'],
  project_exists: [
    'The organisation already has a project named "{name}". Choose another name.',
    '此组织已有名为“{name}”的项目，请换一个名称。',
  ],
  only_owner: [
    '{who} is the only owner of the organisation. Make another member owner first, one who signs in.',
    '{who} 是此组织唯一的所有者。请先让另一位能登录的成员成为所有者。',
  ],
  organisation_exists: [
    'There is already an organisation named "{name}". Choose another name.',
    '已有名为“{name}”的组织，请换一个名称。',
  ],
  already_member: [
    "{who} is a member already. 'drover members role' changes what they may do.",
    '{who} 已是成员。“drover members role”可更改其角色。',
  ],
  migration_exists: [
    'There is a migration "{name}" already, and it is {phase:phase}. Roll it back or abort it, or give this one another name.',
    '已有迁移“{name}”，状态为“{phase:phase}”。请将其回滚或中止，或换一个名称。',
  ],
  name_exists: [
    'There is already an {noun:noun} named "{name}". Choose another name.',
    '已有名为“{name}”的{noun:noun}，请换一个名称。',
  ],
  file_stays: ['The file stays as it is: {why}', '文件未改动：{why}'],
  fault_at: ['{place} {path}: {what:fault}', '{place} {path}：{what:fault}'],
  setting_not_offered: ['{path}: is no setting that is offered here', '{path}：此处不提供该设置'],
  setting_in_file_alone: [
    '{path}: leads to secrets or files, and is changed in the file alone',
    '{path}：涉及密文或文件，只能在文件中更改',
  ],
  setting_needed: ['{path}: must be given', '{path}：必填'],
  setting_in_other_form: [
    '{path}: stands in the file in a form that is not changed from here',
    '{path}：在文件中的写法不能从此处更改',
  ],
  file_unwritable: [
    '{path} cannot be written ({code}): it is mounted read-only, or belongs to somebody else. Change it where it comes from; the difference says what to write.',
    '无法写入 {path}（{code}）：以只读方式挂载，或属于其他用户。请在其来源处更改，内容见差异。',
  ],
  file_unreadable: ['{path} cannot be read ({code}).', '无法读取 {path}（{code}）。'],
  file_changed_meanwhile: [
    '{path} was changed meanwhile. Look at it again, then change it.',
    '{path} 刚刚被更改。请重新查看后再改。',
  ],
})

export const objectRefusalWords: SaidWords<SaidTables['objectRefusal'], typeof object> = object
