"""The faults, by what they break: a new one is imported and named here, and everything else finds it."""

from chaos.fault import Fault
from chaos.faults.broker import BrokerKilled, BrokerStopped
from chaos.faults.calm import Calm
from chaos.faults.letters import AllBad, LettersRefused, RejectLimit
from chaos.faults.mixed import Mixed
from chaos.faults.processes import (
    KillAll,
    KillInMigration,
    KillInWrite,
    KillShard,
    StopAndStart,
    TwoForOneShard,
    Upgrade,
)
from chaos.faults.recovery import DiskFull, StoreOfAnother, StoreTorn, StoreUnreadable, TornLog
from chaos.faults.store import StoreAway, StoreCut, StoreErrors, StoreSlow
from chaos.faults.topic import AheadAndIdle, Expired, PartitionsAdded, Replay, TopicMadeAnew
from chaos.faults.traffic import ClockAhead, ClockBehind, ClockStopped, HotPartition, ManyNames, ManyUsers, Overload

FAULTS: tuple[type[Fault], ...] = (
    Calm,
    KillShard,
    KillAll,
    KillInWrite,
    KillInMigration,
    StopAndStart,
    Upgrade,
    BrokerStopped,
    BrokerKilled,
    StoreAway,
    StoreSlow,
    StoreErrors,
    StoreCut,
    TornLog,
    StoreTorn,
    StoreUnreadable,
    StoreOfAnother,
    DiskFull,
    LettersRefused,
    AllBad,
    RejectLimit,
    AheadAndIdle,
    Replay,
    TopicMadeAnew,
    Expired,
    PartitionsAdded,
    ClockAhead,
    ClockBehind,
    ClockStopped,
    HotPartition,
    ManyNames,
    ManyUsers,
    TwoForOneShard,
    Overload,
    Mixed,
)
