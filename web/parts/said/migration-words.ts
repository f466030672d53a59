/** Why a migration decides, stands and waits. */

import type { SaidTables } from '#admin/contract.ts'
import { words } from '#parts/words.ts'
import type { SaidWords } from './tell.ts'

const found = words({
  over_limit: [
    '{metric}[slower_than_ms? (slower than {slower_than_ms:whole} ms)]: {share:percent} of the candidate’s conversations[seen? ({hits} of {seen})], the limit is {limit:percent}',
    '{metric}[slower_than_ms?（慢于 {slower_than_ms:whole} 毫秒）]：候选的会话中有 {share:percent}[seen?（{seen} 个中的 {hits} 个）]，上限为 {limit:percent}',
  ],
  over_baseline: [
    '{metric}[slower_than_ms? (slower than {slower_than_ms:whole} ms)]: {share:percent} at the candidate[seen? ({hits} of {seen} conversations)], {baseline_share:percent} at the baseline; the allowed ratio is {ratio}',
    '{metric}[slower_than_ms?（慢于 {slower_than_ms:whole} 毫秒）]：候选为 {share:percent}[seen?（{seen} 个会话中的 {hits} 个）]，基线为 {baseline_share:percent}；允许的比值为 {ratio}',
  ],
  mean_over_baseline: [
    '{metric}: {times:times} times the baseline’s; the allowed ratio is {ratio}',
    '{metric}：为基线的 {times:times} 倍；允许的比值为 {ratio}',
  ],
  split_wrong: [
    'conversations do not fall to the sides as the shares say ({candidate} to the candidate, {baseline} to the baseline): outcomes are lost or doubled, and no comparison holds',
    '会话未按设定占比分配（候选 {candidate} 个，基线 {baseline} 个）：结果有丢失或重复，比较不成立',
  ],
  shared_incident: [
    '{found}, and the baseline breaks it as well ({baseline_share:percent}): going back would help nobody',
    '{found}；基线同样越界（{baseline_share:percent}），回滚无济于事',
  ],
  too_few: ['{met} of {needed} conversations have met the candidate', '接触候选的会话为 {met} 个，需要 {needed} 个'],
  not_shown: [
    'not shown yet to be within the limit: {metrics} ({conversations} conversations)',
    '尚未证明在上限之内：{metrics}（{conversations} 个会话）',
  ],
  below_margin: [
    'the time of step {step} is over; its gate is not open ({lack}), but every share with a limit is shown to be below the accepted margin of {margin:percent}',
    '第 {step} 步已到时，关口未开（{lack}），但各项比例均已证明低于可接受的 {margin:percent}',
  ],
  prolonged: [
    'the time of step {step} is over and its gate is not open: {lack}; it is prolonged by {by_ms:duration}',
    '第 {step} 步已到时而关口未开：{lack}；延长 {by_ms:duration}',
  ],
  gate_shut: [
    'the time of step {step} is over and its gate is not open: {lack}',
    '第 {step} 步已到时而关口未开：{lack}',
  ],
  gate_open: [
    'step {step} is over and its gate is open; {next_percent:weight} of conversations now go to the candidate',
    '第 {step} 步结束，关口已开；现有 {next_percent:weight} 的会话前往候选',
  ],
  last_step_over: [
    'the last step is over and nothing speaks against the candidate',
    '最后一步结束，没有任何证据反对候选',
  ],
  worse_in_shadow: [
    'the candidate’s answers differ more often than the baseline’s from itself: {respects:respect} ({questions} answers compared)',
    '候选的回答与基线的差异多于基线自身的波动：{respects:respect}（比对了 {questions} 个回答）',
  ],
  nothing_in_shadow: [
    'the time in the shadow is over and no answer was compared: ‘drover migrate shadow’ says why calls were not copied',
    '影子阶段已到时，但没有比对到任何回答：可用 drover migrate shadow 查看未复制的原因',
  ],
  shadow_over: [
    'the time in the shadow is over: {questions} answers compared, none of the respects is worse[!is_repeated?, though without second answers of the baseline nothing can be called worse]',
    '影子阶段结束：比对了 {questions} 个回答，各方面均未变差[!is_repeated?（但没有基线的重复回答，无从判断变差）]',
  ],
  all_settled: ['every node sends to the baseline', '所有节点均已发往基线'],
  past_deadline: [
    'the last step was not reached within {within_ms:duration}',
    '未能在 {within_ms:duration} 内到达最后一步',
  ],
  reflex: [
    '{failures} of the last {window} calls to the candidate failed on one node[is_shared?, and at least half as many to the baseline]',
    '某个节点上，最近 {window} 次发往候选的调用有 {failures} 次失败[is_shared?，基线的失败至少有其一半]',
  ],
  no_number_helps: [
    'with the candidate’s own shares no number of conversations shows the limits to be kept: accept a wider limit, or go back',
    '以候选自身的比例，再多会话也无法证明未越界：请放宽上限，或回滚',
  ],
})

const done = words({
  vetoed: ['“{recipient}” has something against it: {reason}', '“{recipient}” 提出异议：{reason}'],
  not_asked: ['“{recipient}” could not be asked: {problem}', '无法询问 “{recipient}”：{problem}'],
  by_person: ['{change:change} by {actor:who}[reason?: {reason}]', '由 {actor:who} {change:change}[reason?：{reason}]'],
  started: ['started by {actor:who}; {looked}', '由 {actor:who} 启动；{looked}'],
  set_to_start: [
    'set to start at {at:moment} by {actor:who}; {looked}',
    '由 {actor:who} 排期，于 {at:moment} 启动；{looked}',
  ],
  date_came: ['its date has come; {looked}', '已到启动时间；{looked}'],
  date_refused: [
    'its date has come and [is_plan?the plan refuses it][!is_plan?the preflight failed]: {refusals}',
    '已到启动时间，但[is_plan?计划不允许][!is_plan?启动前检查未通过]：{refusals}',
  ],
  without_preflight: ['without a preflight: {reason}', '未做启动前检查：{reason}'],
  check_failed: [
    '{check:check}[arm? of the {arm:arm}]: {says}[mend? {mend}]',
    '{check:check}[arm?（{arm:arm}）]：{says}[mend? {mend}]',
  ],
  preflight_was: [
    'preflight: {passed} passed[warned?, {warned} warned][failed?, {failed} failed][skipped?, {skipped} left out]',
    '启动前检查：通过 {passed} 项[warned?，警告 {warned} 项][failed?，未通过 {failed} 项][skipped?，跳过 {skipped} 项]',
  ],
})

const next = words({
  none_has_come: [
    '{count} more conversations are needed, and none has come yet',
    '还需要 {count} 个会话，目前一个也没有',
  ],
  takes_about: [
    '{count} more conversations are needed, about {wait_ms:duration} at today’s traffic[raised_percent?; at {raised_percent:weight} it would take {raised_wait_ms:duration}]',
    '还需要 {count} 个会话，按目前流量约 {wait_ms:duration}[raised_percent?；若占比为 {raised_percent:weight}，则需 {raised_wait_ms:duration}]',
  ],
  paused_until_person: [
    '[forecast?{forecast}. ]Resume goes on, Roll back goes back',
    '[forecast?{forecast}。]“继续”可恢复，“回滚”可退回',
  ],
  starts_by_itself: [
    'it starts by itself[again?, if its preflight passes]; Abort cancels it',
    '[again?启动前检查通过后]会自动启动；“中止”可取消',
  ],
  shadow_goes_on: [
    'in {in_ms:duration} it goes to {first_percent:weight}, unless copies show the candidate to be worse[held_ms?; its gate is held for another {held_ms:duration}]',
    '{in_ms:duration}后升至 {first_percent:weight}，除非影子比对显示候选较差[held_ms?；关口还将保持 {held_ms:duration}]',
  ],
  then_complete: ['it is complete', '完成迁移'],
  then_person: ['a person may promote it to {percent:weight}', '可由人工推进至 {percent:weight}'],
  then_person_completes: [
    'a person may complete it (‘drover migrate promote’)',
    '可由人工完成（drover migrate promote）',
  ],
  then_goes_to: ['it goes to {percent:weight}', '升至 {percent:weight}'],
  next_is: [
    '[in_ms?in {in_ms:duration}][!in_ms?now] {what}[held_ms?; its gate is held for another {held_ms:duration}]',
    '[in_ms?{in_ms:duration}后][!in_ms?现在可]{what}[held_ms?；关口还将保持 {held_ms:duration}]',
  ],
  next_if_open: [
    '[in_ms?in {in_ms:duration}][!in_ms?now] {what}, if its gate is open by then: {lack}; {forecast}',
    '[in_ms?{in_ms:duration}后][!in_ms?现在]{what}，前提是关口已开：{lack}；{forecast}',
  ],
})

const state = words({
  is_draft: ['has not been started', '尚未启动'],
  is_scheduled: [
    'starts at {at_ms:moment}[again?, after another preflight]',
    '将于 {at_ms:moment} 启动[again?，届时再做一次启动前检查]',
  ],
  is_shadow: [
    'copies calls in the shadow, for {for_ms:duration}; nothing moves yet',
    '正在影子复制调用，已 {for_ms:duration}；流量尚未移动',
  ],
  is_ramping: [
    'sends {percent:weight} of conversations (step {step} of {steps}) to the candidate, for {for_ms:duration}',
    '正将 {percent:weight} 的会话（第 {step}/{steps} 步）发往候选，已 {for_ms:duration}',
  ],
  is_baking: [
    'bakes at {percent:weight} of conversations (step {step} of {steps}), for {for_ms:duration}',
    '正在 {percent:weight} 的会话（第 {step}/{steps} 步）上观察，已 {for_ms:duration}',
  ],
  is_paused: [
    'is paused ({reason:pause}) at {percent:weight} of conversations (step {step} of {steps}), for {for_ms:duration}',
    '已暂停（{reason:pause}），停在 {percent:weight} 的会话（第 {step}/{steps} 步），已 {for_ms:duration}',
  ],
  is_rolling_back: ['is on its way back to the baseline', '正在退回基线'],
  is_rolled_back: [
    'was rolled back {for_ms:duration} ago; all traffic goes to the baseline',
    '{for_ms:duration}前已回滚；全部流量发往基线',
  ],
  is_completed: [
    'is complete since {for_ms:duration}; all traffic goes to the candidate',
    '{for_ms:duration}前已完成；全部流量发往候选',
  ],
  is_aborted: [
    'was aborted {for_ms:duration} ago; traffic goes where the configuration says',
    '{for_ms:duration}前已中止；流量按配置发送',
  ],
  standing: [
    '“{name}” {state}. Last decision: {why}.[untested? Not tested: {untested}.]',
    '“{name}”{state}。最近的决策：{why}。[untested?未检验：{untested}。]',
  ],
  needs_p99: [
    '{metric}: {what} needs the p99 of the baseline before the start, which is not known (too few streams in the log). Of ttft-p99 200 streams of the last day in the log are enough, or the file can say it (traffic: { ttft_p99_ms: 800 }); of each the metric can have a limit of its own (threshold_range: { max_ms: 2000, basis: absolute }).',
    '{metric}：{what} 需要启动前基线的 p99，目前未知（日志中的流太少）。对 ttft-p99，日志中有最近一天的 200 个流即可，或在文件中说明（traffic: { ttft_p99_ms: 800 }）；也可给该指标自己的上限（threshold_range: { max_ms: 2000, basis: absolute }）。',
  ],
  first_columns: ['only the first {count} figures are counted', '仅统计前 {count} 项指标'],
})

export const migrationWords = { ...found, ...done, ...next, ...state } satisfies SaidWords<
  SaidTables['migration'],
  typeof found & typeof done & typeof next & typeof state
>
