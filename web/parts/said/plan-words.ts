/** What a plan says before a start: what stands against it, what it can show, what may go wrong. */

import type { SaidTables } from '#admin/contract.ts'
import { words } from '#parts/words.ts'
import type { SaidWords } from './tell.ts'

const against = words({
  baseline_breaks: [
    '{metric}: the baseline itself breaks the limit, with {share:percent} [seen?of {seen} conversations][!seen?as the file says] against {limit:percent}. Compare it with the baseline instead (relative: { max_ratio: 1.5 }), or set a limit above it.',
    '{metric}：基线自身已越界，[seen?{seen} 个会话中为][!seen?文件所述为] {share:percent}，上限 {limit:percent}。请改为与基线比较（relative: { max_ratio: 1.5 }），或提高上限。',
  ],
  never_enough: [
    'step {step} ({percent:weight}) never has what its gate needs: with the baseline’s own shares the limits cannot be shown to be kept. Give the step a min_sample, or use relative limits.',
    '第 {step} 步（{percent:weight}）永远达不到关口所需：以基线自身的比例无法证明未越界。请设置 min_sample，或使用相对上限。',
  ],
  takes_longer: [
    'step {step} ({percent:weight}) needs {count} conversations, which take {takes_ms:duration} and not {lasts_ms:duration}: raise its weight, its duration, or give it a smaller min_sample.',
    '第 {step} 步（{percent:weight}）需要 {count} 个会话，耗时 {takes_ms:duration}，而非 {lasts_ms:duration}：请提高占比、延长时间，或减小 min_sample。',
  ],
  none_come: [
    'step {step} ({percent:weight}) needs {count} conversations within {lasts_ms:duration}, and the log has none in a day: begin when calls come, or say how many will (traffic: { conversations_per_day: 10000 }).',
    '第 {step} 步（{percent:weight}）需要在 {lasts_ms:duration} 内有 {count} 个会话，而日志中一天也没有：请在有调用时再开始，或说明会有多少（traffic: { conversations_per_day: 10000 }）。',
  ],
  will_pause: ['It will pause at the step named above until a person decides.', '将在上述步骤暂停，等待人工决定。'],
  past_progress_deadline: [
    'The steps together take longer than progress_deadline ({hours} h).',
    '各步骤合计超过 progress_deadline（{hours} 小时）。',
  ],
  ends_below_all: [
    'The last step is {percent:weight}. When it is over, all traffic goes to the candidate, with no step at 100 % to watch that. To stay at {percent:weight}, give the step gate: manual.',
    '最后一步是 {percent:weight}。该步结束后，所有流量都会转到候选方，而没有 100 % 的步骤来观察。若要停留在 {percent:weight}，请为该步设置 gate: manual。',
  ],
  ends_at_once: [
    'The last step has no time of its own: the migration is complete {after_ms:duration} after it begins, and what shows after that is told and moves no traffic back. Give it a time: bake: { duration: 24h }.',
    '最后一步没有自己的时长：该步开始 {after_ms:duration} 后迁移即告完成，此后出现的问题只会告知，不会把流量移回。请给它时长：bake: { duration: 24h }。',
  ],
  no_webhook: [
    'veto.recipient: there is no webhook “{recipient}” among the recipients of drover.yaml.',
    'veto.recipient：drover.yaml 的接收方中没有 webhook “{recipient}”。',
  ],
  no_provider: [
    '{field}: there is no provider “{provider}” in drover.yaml.',
    '{field}：drover.yaml 中没有供应商“{provider}”。',
  ],
  no_such_model: [
    '{field}: provider “{provider}” has no model “{model}”.',
    '{field}：供应商“{provider}”没有模型“{model}”。',
  ],
  other_name: [
    '{field}: “{model}” is another name of “{sent}” there. Write “{provider}/{sent}”.',
    '{field}：“{model}”在该处是“{sent}”的别名，请写作“{provider}/{sent}”。',
  ],
  same_route: ['candidate.route: is the same as baseline.route.', 'candidate.route：与 baseline.route 相同。'],
  no_model: ['match.models: there is no model “{model}”.', 'match.models：没有模型“{model}”。'],
  overlaps: [
    'match.models: migration “{other}” ({phase:phase}) moves “{model}” already. Wait for its end, or roll it back; of one that is completed let drover.yaml name its candidate, then abort it.',
    'match.models：迁移“{other}”（{phase:phase}）已在移动“{model}”。请等待其结束或将其回滚；若已完成，请先在 drover.yaml 中写明其候选，再中止它。',
  ],
  switched_off: [
    'The {arm:arm} {route} is switched off on {day:day} ([in_days?in {in_days} days][!in_days?now])[successor?; its vendor names {successor} to follow].',
    '{arm:arm} {route} 将于 {day:day} 下线（[in_days?还有 {in_days} 天][!in_days?就在当前]）[successor?；供应商给出的后继为 {successor}]。',
  ],
  no_call_site: [
    'match.call_sites: “{name}” fits no call site of the manifest; its calls would not be moved.',
    'match.call_sites：“{name}”不对应清单中的任何调用点；其调用不会被移动。',
  ],
  lost_key: [
    'match.keys: “{name}” fits the id or name of no key that calls models; no call would be moved by it.',
    'match.keys：没有任何可调用模型的密钥，其 id 或名称与“{name}”相符；不会有调用因此被移动。',
  ],
  lost_project: [
    'match.projects: “{name}” fits the id of no project; no call would be moved by it.',
    'match.projects：没有任何项目的 id 与“{name}”相符；不会有调用因此被移动。',
  ],
})

const shown = words({
  finds_dead: [
    'A candidate that fails always is found after {count} conversations.',
    '始终失败的候选在 {count} 个会话后即可发现。',
  ],
  finds_errors: [
    'An error share of {share:percent} or more is found within 72 h, more likely than not ({hits} failures in {met} conversations).',
    '{share:percent} 及以上的错误比例多半能在 72 小时内发现（{met} 个会话中失败 {hits} 个）。',
  ],
  not_below: [
    'That the error share is below {limit:percent}: that takes {count} conversations, [takes_ms?{takes_ms:duration} at this pace][!takes_ms?and none come].',
    '错误比例低于 {limit:percent}：需要 {count} 个会话，[takes_ms?按此速度需 {takes_ms:duration}][!takes_ms?而目前没有会话]。',
  ],
  no_errors_at_all: [
    'An error share of any size, but a candidate that fails always.',
    '任何大小的错误比例（始终失败的候选除外）。',
  ],
  unseen_below: [
    'An error share below {share:percent}: it would go through unseen.',
    '低于 {share:percent} 的错误比例：会被漏过。',
  ],
  no_p99: ['A p99 that is 20 % higher: that takes about 2,200 streams.', 'p99 升高 20%：约需 2,200 个流式回答。'],
  no_tokens: [
    'A quarter more tokens: that takes about 260 conversations of each side.',
    'token 增加四分之一：两侧各需约 260 个会话。',
  ],
  offer_weight: [
    'First step {percent:weight}: through in {takes_ms:duration}, and {percent:weight} of people meet the candidate from the first hour.',
    '起始占比 {percent:weight}：{takes_ms:duration}内完成，但从第一小时起就有 {percent:weight} 的用户接触候选。',
  ],
  offer_thresholds: [
    'analysis: { policy: thresholds }: plain shares against {limit:percent} (and the limits of times) once {count} conversations were seen, through in {takes_ms:duration}. A sound candidate is moved back in {false_rollback:percent} of migrations, one that fails three times as often as allowed is not in {missed:percent}.',
    'analysis: { policy: thresholds }：累计 {count} 个会话后直接与 {limit:percent}（及时间上限）比较，{takes_ms:duration}内完成。正常候选有 {false_rollback:percent} 被误回滚，失败率达上限三倍的候选有 {missed:percent} 未被回滚。',
  ],
  offer_replay: [
    'drover migrate replay FILE: asks {prompts} logged prompts of both sides again ([log_ms?the log of {log_ms:duration}][!log_ms?the log has none yet]) and nobody meets the candidate. Without a failure among them its error share is shown to be below {limit:percent}; of answers that differ on one side only it takes {pairs}.',
    'drover migrate replay FILE：向两侧重放 {prompts} 个已记录的提示（[log_ms?相当于 {log_ms:duration}的日志][!log_ms?日志中尚无]），无人接触候选。若无失败，即可证明错误比例低于 {limit:percent}；对只有一侧不同的回答，需要 {pairs}。',
  ],
  replay_pairs: [
    '{count} where it is the worse one in {of_hundred} of 100',
    '{count} 个（其中 100 个里有 {of_hundred} 个较差时）',
  ],
})

const because = words({
  no_manifest: ['not known: give the audit report', '未知：请提供审计报告'],
  no_probe_report: ['no probe report', '没有探测报告'],
  probes_fail: ['probes fail: {probes}', '未通过的探测：{probes}'],
  nodes_share: ['{nodes} nodes share the store: one may go', '{nodes} 个节点共用存储：可失去一个'],
  one_node: ['one node: nothing takes over while it is away', '单节点：不可用时无人接替'],
  sites_fail: [
    '{failing} of {sites} call sites fail on the target, {changing} are answered otherwise',
    '{sites} 个调用点中有 {failing} 个在目标上失败，{changing} 个应答不同',
  ],
  parameters_pass: ['the probes of parameters pass', '参数探测均通过'],
  other_words: [
    'another model answers in other words and lengths; how much, copies or a replay show before people do',
    '不同模型的措辞与长度不同；差异多大，可先由影子复制或重放得知',
  ],
  tools_unknown: ['the log does not tell how many answers call tools', '日志未记录有多少回答调用工具'],
  tools_called: ['{share:percent} of answers call tools', '{share:percent} 的回答调用工具'],
  sites_with_tools: ['{sites} call sites offer them', '{sites} 个调用点提供工具'],
  tools_pass: ['the probes of tools pass', '工具探测均通过'],
  limits_unknown: [
    'nothing is in the log; limits of a new account are often low',
    '日志中没有记录；新账户的限额通常较低',
  ],
  limits_met: [
    '{share:percent} of calls met a limit at the baseline; limits of a new account are often lower',
    '{share:percent} 的调用在基线遇到限流；新账户的限额通常更低',
  ],
  cache_unknown: ['the log does not tell what came from a cache', '日志未记录缓存命中'],
  cached_today: [
    '{share:percent} of input tokens come from a cache today, and the candidate begins with none',
    '目前 {share:percent} 的输入 token 来自缓存，而候选从零开始',
  ],
  new_recipient: [
    '“{provider}” is a new recipient of what people write ([region?region {region}][!region?region not said][policy?, data policy {policy}][!policy?, data policy not said]; today [from_region?{from_region}][!from_region?region not said][from_policy?, {from_policy}][!from_policy?, data policy not said])[keeps_bodies?; bodies are kept here as well (log.bodies)]',
    '“{provider}”将首次收到用户内容（[region?区域 {region}][!region?区域未说明][policy?，数据政策 {policy}][!policy?，数据政策未说明]；目前[from_region? {from_region}][!from_region?区域未说明][from_policy?，{from_policy}][!from_policy?，数据政策未说明]）[keeps_bodies?；此处也会保存正文（log.bodies）]',
  ],
  same_recipient: ['the same provider gets it as today', '仍由目前的供应商接收'],
  nothing_priced: ['no call is in the log whose tokens could be priced', '日志中没有可计价的调用'],
  no_price: ['no price is known of the {arm:arm}', '{arm:arm}的价格未知'],
  costs_at_candidate: [
    'at today’s tokens a call costs [is_more?more][!is_more?no more] at the candidate; its own tokeniser may count otherwise',
    '按目前的 token 数，调用在候选处[is_more?更贵][!is_more?不会更贵]；其分词方式可能不同',
  ],
  keys_in_code: ['{sites} call sites have a key in the code', '{sites} 个调用点将密钥写在代码中'],
  no_key_in_code: [
    'no call site has a key in the code; the key of the new provider is on the relay only',
    '没有调用点将密钥写在代码中；新供应商的密钥仅在中继上',
  ],
})

export const planWords = { ...against, ...shown, ...because } satisfies SaidWords<
  SaidTables['plan'],
  typeof against & typeof shown & typeof because
>

/** What is done against each risk; English is the relay's own. */
export const mitigationsInChinese: Readonly<Record<string, string>> = {
  relay_outage: '增加第二个节点；使用 clients/ 客户端的调用方在中继不可用时直连（split: client）。',
  parameter_drift: 'param_policy: shim 按目录调整参数并给出警告；drover audit --fix 修改代码。',
  behaviour_drift:
    'shadow: { duration: 12h, noise_floor_sample: 10 }，或用 drover migrate replay 重放已记录的提示；completion-tokens 与 truncated-share 会暂停迁移。',
  tool_calls: '移动之前由影子复制按名称与模式比对工具；工具调用的 ID 会为候选改写。',
  rate_limits: '启动前检查会将候选的限额与最繁忙的一分钟对比；可用多个密钥（api_keys），或在占比升高前提升限额。',
  cold_cache: '会话留在原处（mid_conversation: pin）；较小的起始步骤可预热缓存。',
  privacy:
    '密钥与项目的区域和数据规则同样适用于候选与副本；match.projects 可排除未同意者；shadow.consent 写明已同意者。',
  billing: '将 cost 作为文件中的指标（relative: { max_ratio: 1.2 }, on_fail: pause）；一天后与新供应商账单核对用量。',
  key_leak: '供应商密钥仅以引用方式存于中继；在供应商处设置消费上限；撤销审计发现的密钥。',
}
