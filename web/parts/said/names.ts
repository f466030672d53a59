/** What the relay names by one word of its own: phases, reasons, kinds. */

import { roles } from '#parts/roles.ts'
import { orderStateWords } from '#parts/texts.ts'
import type { Word } from '#parts/words.ts'
import { words } from '#parts/words.ts'

/** What a migration is doing. */
export const phaseNames = words({
  draft: ['draft', '草稿'],
  refused: ['refused', '被拒绝'],
  scheduled: ['scheduled', '已排期'],
  shadow: ['shadow', '影子运行'],
  ramping: ['ramping', '放量中'],
  baking: ['baking', '观察中'],
  paused: ['paused', '已暂停'],
  rolling_back: ['rolling back', '回滚中'],
  rolled_back: ['rolled back', '已回滚'],
  completed: ['completed', '已完成'],
  aborted: ['aborted', '已中止'],
})

/** What was done to it. */
export const changeNames = words({
  schedule: ['schedule', '排期'],
  start: ['start', '启动'],
  promote: ['promote', '推进'],
  pause: ['pause', '暂停'],
  resume: ['resume', '继续'],
  extend: ['extend', '延长'],
  hold: ['hold', '保持'],
  rollback: ['rollback', '回滚'],
  settle: ['settle', '落定'],
  abort: ['abort', '中止'],
  complete: ['complete', '完成'],
})

/** Why it is paused. */
export const pauseNames = words({
  manual: ['by a person', '人工'],
  inconclusive: ['not shown yet', '证据不足'],
  shared_incident: ['both sides fail', '两侧同时异常'],
  degraded_control: ['the split is wrong', '分流异常'],
  worse_than_baseline: ['worse than the baseline', '劣于基线'],
  worse_in_shadow: ['worse in the shadow', '影子比对较差'],
  deadline: ['out of time', '超过期限'],
})

export const armNames = words({ baseline: ['baseline', '基线'], candidate: ['candidate', '候选'] })

/** What is looked at before a start. */
export const checkNames = words({
  answers: ['Answers', '应答'],
  keys: ['Keys', '密钥'],
  credit: ['Credit', '余额'],
  quota: ['Quota', '配额'],
  conformance: ['Probes', '探测'],
  way_back: ['The way back', '回滚通道'],
})

/** What can go wrong. */
export const riskNames = words({
  relay_outage: ['Relay away', '中继中断'],
  parameter_drift: ['Parameters', '参数差异'],
  behaviour_drift: ['Other answers', '行为差异'],
  tool_calls: ['Tool calls', '工具调用'],
  rate_limits: ['Rate limits', '限流'],
  cold_cache: ['Cold cache', '缓存未热'],
  privacy: ['Privacy', '隐私合规'],
  billing: ['Cost', '费用'],
  key_leak: ['Keys in code', '密钥泄露'],
})

export const lotNames = words({
  paid: ['paid', '付费'],
  promo: ['promotional', '赠送'],
})

export const periodNames = words({
  day: ['a day', '每天'],
  week: ['a week', '每周'],
  month: ['a month', '每月'],
  total: ['in all', '累计'],
})

/** In which respect two answers are compared. */
export const respectNames = words({
  http_class: ['status', '状态码'],
  finish_reason: ['finish reason', '结束原因'],
  tool_or_text: ['tool or text', '工具或文本'],
  tool_names: ['tools called', '所调用的工具'],
  tool_arguments: ['tool arguments', '工具参数'],
  arguments_valid: ['valid arguments', '参数有效性'],
  json_valid: ['valid JSON', 'JSON 有效性'],
  length: ['length', '长度'],
  language: ['language', '语言'],
  refusal: ['refusals', '拒答'],
  similarity: ['similarity', '相似度'],
  judged: ['preferred by the judge', '评审偏好'],
})

/** Whose a budget is. */
export const subjectNames = words({
  organisation: ['organisation', '组织'],
  project: ['project', '项目'],
  member: ['member', '成员'],
  key: ['key', '密钥'],
})

/** What a request for a fapiao has come to. */
export const fapiaoNames = words({
  requested: ['requested', '待开具'],
  issued: ['issued', '已开具'],
  rejected: ['rejected', '已拒绝'],
  red: ['red', '已红冲'],
})

/** What the relay keeps, by its nouns. */
export const nounNames = words({
  account: ['account', '账户'],
  organisation: ['organisation', '组织'],
  project: ['project', '项目'],
  member: ['member', '成员'],
  key: ['key', '密钥'],
})

/** What is paid for. The relay names some as they are in a file, and some as in its code. */
export const rateNames: Readonly<Record<string, Word>> = words({
  input: ['input', '输入'],
  cached_input: ['cached input', '缓存输入'],
  cachedInput: ['cached input', '缓存输入'],
  output: ['output', '输出'],
  cache_write_5m: ['cache write, 5 min', '缓存写入（5 分钟）'],
  cacheWrite5m: ['cache write, 5 min', '缓存写入（5 分钟）'],
  cache_write_1h: ['cache write, 1 h', '缓存写入（1 小时）'],
  cacheWrite1h: ['cache write, 1 h', '缓存写入（1 小时）'],
  reasoning: ['reasoning', '推理'],
  audio_input: ['audio input', '音频输入'],
  audioInput: ['audio input', '音频输入'],
  audio_output: ['audio output', '音频输出'],
  audioOutput: ['audio output', '音频输出'],
  image_input: ['image input', '图片输入'],
  imageInput: ['image input', '图片输入'],
  image_output: ['image output', '图片输出'],
  imageOutput: ['image output', '图片输出'],
  per_call: ['per call', '每次调用'],
  perCall: ['per call', '每次调用'],
  cached_audio_input: ['cached audio input', '缓存音频输入'],
  cachedAudioInput: ['cached audio input', '缓存音频输入'],
})

/** How a target is chosen. */
export const strategyNames = words({
  weighted: ['weighted', '按权重'],
  fallback: ['fallback', '依次回退'],
  'least-latency': ['least latency', '最低延迟'],
  cheapest: ['cheapest', '最低价'],
})

/** Why a target was asked. */
export const askedNames: Readonly<Record<string, Word>> = words({
  weighted: ['its weight', '按权重'],
  'least-latency': ['the least latency', '最低延迟'],
  cheapest: ['the cheapest', '最低价'],
  fallback: ['the next in order', '依次回退'],
  throughput: ['the most throughput', '最高吞吐'],
  sticky: ['its conversation is there', '会话固定在此'],
  migration: ['candidate of a migration', '迁移的候选'],
  order: ['the caller’s order', '调用方指定顺序'],
  probe: ['a trial after its rest', '熔断后试探'],
  'last-resort': ['the last that was left', '仅剩的目标'],
  retry: ['another try', '重试'],
  'other-target': ['another target', '换用其他目标'],
  'other-key': ['another key', '换用其他密钥'],
  'other-model': ['another model', '换用其他模型'],
  hedge: ['asked beside a slow one', '对冲请求'],
  similarity: ['measures for the cache of similar questions', '为语义缓存计算向量'],
})

/** Why a target is not asked. */
export const awayNames = words({
  'no provider': ['no provider', '没有供应商'],
  'provider down': ['provider down', '供应商不可用'],
  failing: ['failing', '持续失败'],
  probing: ['probing', '试探中'],
  'keys rest': ['keys rest', '密钥限流中'],
})

/** What guardrails look for. */
export const findNames: Readonly<Record<string, Word>> = words({
  mail: ['mail addresses', '邮箱地址'],
  phone: ['telephone numbers', '电话号码'],
  card: ['card numbers', '银行卡号'],
  iban: ['IBANs', 'IBAN'],
  us_ssn: ['US social security numbers', '美国社保号'],
  cn_id: ['Chinese identity numbers', '身份证号'],
  secret: ['secrets', '密钥等机密'],
})

/** What a model takes and gives. */
export const modalityNames: Readonly<Record<string, Word>> = words({
  text: ['text', '文本'],
  image: ['image', '图片'],
  audio: ['audio', '音频'],
  video: ['video', '视频'],
  file: ['file', '文件'],
  embedding: ['embedding', '向量'],
})

/** How credit came. */
export const methodNames: Readonly<Record<string, Word>> = words({
  manual: ['transfer', '转账'],
  transfer: ['transfer', '转账'],
  card: ['card', '银行卡'],
  native: ['QR code', '扫码'],
  stripe: ['Stripe', 'Stripe'],
  wechat: ['WeChat Pay', '微信支付'],
  alipay: ['Alipay', '支付宝'],
  adjustment: ['correction', '更正'],
})

/** Who does something that is no person and no key. */
export const actorNames: Readonly<Record<string, Word>> = words({
  local: ['the command line here', '本机命令行'],
  system: ['Drover', 'Drover'],
  drover: ['Drover', 'Drover'],
  'drover at its date': ['Drover, at its date', 'Drover（到时启动）'],
  visitor: ['a visitor', '访客'],
})

/** A name by its table, or as it is. */
export const nameOf = (table: Readonly<Record<string, Word>>, name: string): Word =>
  table[name] ?? [name.replaceAll('_', ' '), name.replaceAll('_', ' ')]

export const names = {
  phase: phaseNames,
  change: changeNames,
  pause: pauseNames,
  arm: armNames,
  check: checkNames,
  lot: lotNames,
  period: periodNames,
  respect: respectNames,
  subject: subjectNames,
  rate: rateNames,
  method: methodNames,
  role: roles,
  order: orderStateWords,
  fapiao: fapiaoNames,
  noun: nounNames,
}
