"""All models of the app, so that Django finds them. They live in their domains; this file only gathers."""

from adaptive.assessment.models import Agreement, AnswerVector, Assessment, AssessorFit, AssessorVersion
from adaptive.audit.models import AuditEntry, SentText
from adaptive.catalog.models import Course, Resource, ResourceSkill, Skill, SkillPrerequisite
from adaptive.conversation.models import Conversation, TutorMessage
from adaptive.events.models import Attempt
from adaptive.experiments.models import Experiment, Exposure
from adaptive.explanation.models import Explanation
from adaptive.learners.models import Cohort, Enrolment, Learner
from adaptive.mastery.models import (
    DifficultyFit,
    ItemDifficulty,
    LearnerModelFit,
    LearnerModelVersion,
    LearnerState,
    MasteryChange,
    SkillMastery,
)
from adaptive.performance.models import PerformanceAssessment
from adaptive.planning.models import StudyPlan, StudySession
from adaptive.recommendation.models import (
    CoPractice,
    CourseOffer,
    GapQuery,
    Homework,
    Impression,
    ImpressionEvent,
    RecommenderVersion,
    Review,
    Ruling,
    Slate,
    SlateHint,
)
from adaptive.tenants.models import ApiToken, IdempotencyRecord, Tenant

__all__ = [
    "Agreement",
    "AnswerVector",
    "ApiToken",
    "Assessment",
    "AssessorFit",
    "AssessorVersion",
    "Attempt",
    "AuditEntry",
    "CoPractice",
    "Cohort",
    "Conversation",
    "Course",
    "CourseOffer",
    "DifficultyFit",
    "Enrolment",
    "Experiment",
    "Explanation",
    "Exposure",
    "GapQuery",
    "Homework",
    "IdempotencyRecord",
    "Impression",
    "ImpressionEvent",
    "ItemDifficulty",
    "Learner",
    "LearnerModelFit",
    "LearnerModelVersion",
    "LearnerState",
    "MasteryChange",
    "PerformanceAssessment",
    "RecommenderVersion",
    "Resource",
    "ResourceSkill",
    "Review",
    "Ruling",
    "SentText",
    "Skill",
    "SkillMastery",
    "SkillPrerequisite",
    "Slate",
    "SlateHint",
    "StudyPlan",
    "StudySession",
    "Tenant",
    "TutorMessage",
]
