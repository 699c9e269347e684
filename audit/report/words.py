"""The words of the report in English and Chinese; `both` prints one beside the other."""

from enum import StrEnum


class Language(StrEnum):
    EN = "en"
    ZH = "zh"
    BOTH = "both"


_WORDS: dict[str, tuple[str, str]] = {
    "title": ("Project trace", "项目全链路报告"),
    "identity": ("Identity", "项目概况"),
    "project": ("Project", "项目"),
    "stage": ("Stage", "阶段"),
    "owner": ("Owner", "负责人"),
    "requester": ("Requested by", "导出人"),
    "asked_by": ("Asked for by", "申请人"),
    "window": ("Window", "时间范围"),
    "whole_trail": ("from the first record to the last", "全部记录"),
    "records": ("Records", "记录数"),
    "environment": ("Environment", "环境"),
    "times_note": ("All times are UTC+08:00.", "时间均为北京时间(UTC+08:00)。"),
    "venues": ("Venues, and the regime that applies to each", "通道及适用监管"),
    "venue": ("Venue", "通道"),
    "side": ("Side", "方向"),
    "market_side": ("Market", "市场"),
    "kind_of_venue": ("Kind", "类型"),
    "market_data": ("Market data", "行情来源"),
    "regime": ("Regime", "监管适用"),
    "simulated": ("SIMULATED", "仿真"),
    "simulated_venues": ("SIMULATED VENUES", "仿真通道"),
    "live_venue": ("live venue", "真实通道"),
    "no_regime": (
        "none: nothing was traded on a market; no regulator's record arises",
        "不适用:未在真实市场成交,不产生监管报送记录",
    ),
    "regime_unstated": (
        "the venue's own rules; not stated in the configuration",
        "适用该市场规则;配置未载明",
    ),
    "recorded": ("recorded", "录制行情"),
    "generated": ("generated", "生成行情"),
    "venue_data": ("the venue's own", "通道实时行情"),
    "domestic": ("domestic", "境内"),
    "foreign": ("foreign", "境外"),
    "no_venues": ("No desk configuration is on record for this window.", "本时间范围内没有交易台配置记录。"),
    "limits": ("Limits in force", "生效阈值"),
    "version": ("version", "版本"),
    "limit": ("Limit", "阈值"),
    "scope": ("Scope", "适用范围"),
    "hard": ("Hard", "硬限"),
    "warn": ("Warning", "预警"),
    "unit": ("Unit", "单位"),
    "order_lots_max": ("order size", "单笔最大手数"),
    "order_value_max": ("order value", "单笔最大金额"),
    "position_lots_max": ("position, worst case", "最大持仓(含在途)"),
    "naked_lots_max": ("naked lots", "最大单腿敞口"),
    "naked_age_max_ms": ("naked age, ms", "单腿敞口最长时间(毫秒)"),
    "price_collar_rate": ("price collar", "价格偏离上限"),
    "message_rate_max": ("messages per second", "每秒报撤单上限"),
    "day_executions_max": ("executions per day", "每日执行次数上限"),
    "margin_use_max": ("margin use", "风险度上限"),
    "slippage_rate_max": ("slippage", "滑点率上限"),
    "latency_max_ms": ("latency, ms", "延迟上限(毫秒)"),
    "reject_rate_max": ("reject rate", "拒单率上限"),
    "fill_rate_min": ("fill rate, least", "成交率下限"),
    "assessment": ("assessment", "评估"),
    "integration": ("integration and stress", "集成与压测"),
    "canary": ("canary", "灰度"),
    "acceptance": ("acceptance", "验收"),
    "live": ("live", "上线"),
    "no_limits": ("No limits were published up to the end of this window.", "截至时间范围末尾未发布阈值。"),
    "changes": ("Changes in this window", "期内变更"),
    "reason": ("Reason", "原因"),
    "approved_by": ("Approved by", "批准人"),
    "everything": ("everything", "全部"),
    "executions": ("Executions", "执行记录"),
    "no_executions": ("No execution was started in this window.", "本时间范围内没有执行。"),
    "execution": ("Execution", "执行"),
    "started": ("Started", "开始"),
    "outcome": ("Outcome", "结果"),
    "trigger": ("Trigger", "触发"),
    "measure": ("Measured", "触发值"),
    "threshold": ("Threshold", "阈值"),
    "legs_filled": ("Filled by leg", "各腿成交"),
    "gap": ("Leg gap", "腿间时差"),
    "naked_time": ("Naked time", "单腿敞口时长"),
    "repairs": ("Repairs", "补救次数"),
    "program": ("Program", "方案"),
    "orders": ("Orders", "委托"),
    "order": ("Order", "委托号"),
    "purpose": ("Purpose", "用途"),
    "instrument": ("Instrument", "合约"),
    "lots": ("Lots", "手数"),
    "price": ("Price", "价格"),
    "filled": ("Filled", "成交手数"),
    "average": ("Average", "均价"),
    "slippage": ("Slippage, ticks", "滑点(跳)"),
    "decided": ("Decided", "决策时间"),
    "to_wire": ("To wire", "至发出"),
    "to_fill": ("To first fill", "至首笔成交"),
    "ending": ("Ending", "终态"),
    "fills": ("Fills", "成交"),
    "fill": ("Fill", "成交号"),
    "time": ("Time", "时间"),
    "venue_time": ("Venue time", "交易所时间"),
    "decisions": ("Repair decisions: every option and what it would cost", "补救决策:各方案及成本对比"),
    "option": ("Option", "方案"),
    "lots_by_leg": ("Lots by leg", "各腿手数"),
    "cost": ("Cost", "成本"),
    "why": ("Why, or why not", "理由"),
    "refused": ("Refused by our own gate", "风控拒绝"),
    "chart": ("Orders and naked lots over time, ms from the decision", "委托与单腿敞口(自决策起,毫秒)"),
    "naked_lots": ("Naked lots", "单腿敞口(手)"),
    "wait": ("wait", "等待"),
    "hold": ("hold", "持有"),
    "buy": ("buy", "买"),
    "sell": ("sell", "卖"),
    "entry": ("entry", "开仓"),
    "top_up": ("top-up", "补单"),
    "chase": ("chase", "追单"),
    "proxy": ("stand-in", "替代对冲"),
    "queue": ("queue at the limit", "涨跌停排队"),
    "unwind": ("unwind", "回滚"),
    "hedge": ("hedge", "对冲"),
    "flatten": ("flatten", "双腿平仓"),
    "hedged": ("hedged", "已配平"),
    "accepted": ("residual accepted", "敞口已接受"),
    "flattened": ("flattened", "已平仓"),
    "topped_up": ("topped up", "补单后配平"),
    "proxied": ("hedged by a stand-in", "已用替代合约配平"),
    "rolled_back": ("rolled back", "已回滚"),
    "rejected": ("rejected", "被拒"),
    "not_sent": ("not sent", "未发出"),
    "flat": ("flat", "空仓"),
    "open": ("not ended", "未结束"),
    "ticks": ("ticks", "跳"),
    "alerts": ("Alerts and acknowledgments", "告警与确认"),
    "no_alerts": ("No alert was raised in this window.", "本时间范围内没有告警。"),
    "rule": ("Rule", "规则"),
    "severity": ("Severity", "级别"),
    "who": ("Who", "操作人"),
    "text": ("Text", "内容"),
    "alert_raised": ("raised", "触发"),
    "alert_acknowledged": ("acknowledged", "已确认"),
    "timeline": ("Timeline", "时间线"),
    "stream": ("Stream", "记录流"),
    "number": ("No.", "序号"),
    "event": ("Event", "事件"),
    "subject": ("Subject", "对象"),
    "details": ("Details", "详情"),
    "hash": ("Hash", "哈希"),
    "integrity": ("Integrity proof", "完整性证明"),
    "verdict_sound": (
        "Every link of every stream below was checked when this report was built, and is sound.",
        "生成本报告时已逐条校验以下记录流,链路完整。",
    ),
    "verdict_broken": ("THE CHAIN IS BROKEN at record", "哈希链在以下记录处断裂"),
    "first": ("First", "首条"),
    "last": ("Last", "末条"),
    "last_hash": ("Hash of the last record in this report", "报告内末条记录哈希"),
    "checkpoints": (
        "Checkpoints: Merkle roots over the records of each stream (RFC 6962)",
        "检查点:默克尔根(RFC 6962)",
    ),
    "root": ("Merkle root", "默克尔根"),
    "inclusion": ("Inclusion of the first and the last record", "首末记录包含证明"),
    "path": ("Path, from the record up to the root", "路径(自记录至根)"),
    "trace_hash": (
        "SHA-256 of this window's trace as CSV, profile regulator",
        "本时间范围 CSV(regulator)的 SHA-256",
    ),
    "how_to_verify": (
        "To check without trusting this report: on the server",
        "独立校验方法:在服务器上运行",
    ),
    "how_to_verify_alone": (
        "anywhere, with the CSV of profile regulator and its manifest",
        "或在任意机器上,使用 CSV(regulator)及其清单运行",
    ),
    "page": ("page {n} of {total}", "第 {n} 页 共 {total} 页"),
}  # fmt: skip


class Words:
    """The catalogue in one language choice."""

    def __init__(self, language: Language) -> None:
        self.language = language

    def __call__(self, key: str) -> str:
        """Return the words for `key`; a key that the catalogue lacks is shown as it is."""
        if key not in _WORDS:
            return key
        english, chinese = _WORDS[key]
        match self.language:
            case Language.EN:
                return english
            case Language.ZH:
                return chinese
        return f"{english} {chinese}"

    def pick(self, english: str, chinese: str) -> str:
        """Return a name that data carries in both languages; `chinese` may be empty."""
        if not chinese or self.language is Language.EN:
            return english
        return chinese if self.language is Language.ZH else f"{english} {chinese}"
