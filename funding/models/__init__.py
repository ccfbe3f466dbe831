"""Tables, and rules about one object. Importing this package loads every table."""

from funding.models.banking import BankLine, BankStatement, LineOfBankState, StatementState
from funding.models.changes import ChangeConcern, ChangeRequest, RequestKind, RequestState
from funding.models.commitments import Commitment, EarlierPromise, ExcludedApplicant, Release
from funding.models.committee import (
    DEFAULT_QUORUM,
    Choice,
    CommitteeRule,
    Endorsement,
    Majority,
    Vote,
)
from funding.models.compensating import CompensatingReview, Verdict
from funding.models.dashboards import DashboardNote
from funding.models.decisions import (
    UNDECIDED,
    Approval,
    Award,
    AwardState,
    LineState,
    PlanLine,
    PlanPutForward,
)
from funding.models.entities import (
    KnownName,
    MergeState,
    NameKind,
    NameMerge,
    NameSearch,
    Relation,
    SearchState,
)
from funding.models.evidence import EvidenceFile
from funding.models.history import (
    HistoricGrant,
    Import,
    ImportedItem,
    ImportKind,
    ImportState,
)
from funding.models.ledger import Account, AccountKind, IdempotencyKey, Transfer
from funding.models.live import LiveRemark, LiveSession, LiveStep, LiveVote, StepState
from funding.models.log import AllowedMove, ChainHead, Event, Job, Mail, RegularTask, Transition
from funding.models.offers import (
    LANGUAGES,
    DeclineLetter,
    DiligenceCheck,
    DiligenceItem,
    FunderTerms,
    LetterKind,
    LetterTemplate,
    Offer,
    OfferState,
    Signature,
)
from funding.models.overlaps import (
    UNJUDGED,
    Disclosure,
    Introduction,
    IntroductionAnswer,
    Judged,
    Merger,
    OutsideOverlap,
    Overlap,
    OverlapMap,
    SteppingBack,
)
from funding.models.packs import Pack, PackFile, PackRemark, PackSeal, PackState, RemarkKind
from funding.models.payments import (
    BankDetails,
    BatchState,
    Payment,
    PaymentBatch,
    Reversal,
    ReversalState,
    Tranche,
    TrancheState,
)
from funding.models.people import (
    Binding,
    Digest,
    LoginSession,
    OneTimeLink,
    Organisation,
    OrganisationKind,
    Person,
    Role,
)
from funding.models.privacy import ErasureRequest
from funding.models.proposals import (
    CANDIDATE_STATES,
    Attachment,
    BudgetLine,
    ConflictOfInterest,
    LiftedConflict,
    ParkedForm,
    Proposal,
    ProposalArea,
    ProposalState,
    RiskTier,
    Score,
    TeamMember,
    YearOfAsk,
)
from funding.models.publishing import (
    MOST_AREAS,
    AwardEmbargo,
    Capacity,
    HiddenBecause,
    Publication,
    Voice,
    VoiceArea,
    VoiceState,
    WithheldBecause,
    WithheldTitle,
)
from funding.models.reporting import (
    TO_BE_WRITTEN,
    AwardBudgetLine,
    AwardPeriod,
    HandedIn,
    Indicator,
    IndicatorValue,
    Narrative,
    Output,
    OutputKind,
    Report,
    ReportFile,
    ReportingRule,
    ReportKind,
    ReportMilestone,
    ReportReminder,
    ReportState,
    ReturnRequest,
    Spend,
)
from funding.models.reviews import (
    COUNTED_SCORE,
    COUNTED_STATES,
    WAITING_STATES,
    AssignmentState,
    CoAuthor,
    Review,
    ReviewAssignment,
    ReviewCriterion,
    ReviewDeclaration,
    ReviewerAbsence,
    ReviewerEffect,
    ReviewForm,
    ReviewRemark,
    ReviewSettings,
    ReviewSuggestion,
    RoundReviewer,
    SuggestedPair,
    WaivedConflict,
    WaiverRequest,
    with_effects,
)
from funding.models.rounds import (
    Area,
    AreaNeed,
    FormQuestion,
    FunderWeight,
    Round,
    RoundEnquiry,
    RoundExtension,
    RoundFunder,
    RoundState,
    Taxonomy,
)
from funding.models.scenarios import (
    Pin,
    Run,
    RunLine,
    RunProposal,
    RunState,
    Scenario,
    ScenarioState,
)
from funding.models.studies import Study
from funding.models.tours import TourProgress
