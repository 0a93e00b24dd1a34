"""Who is in the demonstration's classes, and what kind of learner each of them is."""

from dataclasses import dataclass, field

MATHS, SCIENCE = "fractions-to-equations", "circuits-and-plants"
COHORTS = {MATHS: "7b", SCIENCE: "8a"}
TEACHER_NAME = "Ms Okonkwo"


@dataclass(frozen=True, slots=True)
class Profile:
    """What the simulation needs to know of one learner in one course.

    ability: logits, 0 is average. per_week: attempts in a usual week. up_to: number of skills that they got to within
    the term (None: all). skill_ability: skill id -> logits on top of ability. misconceptions: what they tend to get
    wrong. from_week, to_week, away: first and last of the twelve weeks in which they worked, and weeks without any work
    in between. review: share of attempts that go back to an earlier skill.
    """

    ability: float = 0.0
    per_week: int = 10
    up_to: int | None = None
    skill_ability: dict[str, float] = field(default_factory=dict)
    misconceptions: tuple[str, ...] = ()
    from_week: int = 1
    to_week: int = 12
    away: tuple[int, ...] = ()
    review: float = 0.25


@dataclass(frozen=True, slots=True)
class Person:
    """One simulated learner. `courses`: course id -> profile; enrolled in these, with no attempts where it is None."""

    username: str
    name: str
    courses: dict[str, Profile | None]


def _person(
    username: str, name: str, ability: float, *, science: float | None = None, per_week: int = 10, **profile
) -> Person:
    courses: dict[str, Profile | None] = {MATHS: Profile(ability=ability, per_week=per_week, **profile)}
    if science is not None:
        courses[SCIENCE] = Profile(ability=science, per_week=4)
    return Person(username, name, courses)


ALICE = Person(
    "alice",
    "Alice Novak",
    {
        # The first skills went well and lie weeks back, so that reviews are due; adding is where she is stuck now.
        MATHS: Profile(
            ability=1.8,
            per_week=9,
            up_to=4,
            skill_ability={"fraction-meaning": 1.6, "equivalent-fractions": 1.6, "adding-fractions": -4.5},
            misconceptions=("adds-denominators",),
            away=(5, 6, 7, 8, 9),
            review=0.4,
        ),
        SCIENCE: Profile(ability=0.4, per_week=3, up_to=3),
    },
)
BOB = Person("bob", "Bob Adeyemi", {MATHS: None, SCIENCE: None})
CHARLIE = Person(
    "charlie",
    "Charlie Weiss",
    {MATHS: Profile(ability=5.0, per_week=14, review=0.3), SCIENCE: Profile(ability=4.0, per_week=8)},
)

PEOPLE: tuple[Person, ...] = (
    ALICE,
    BOB,
    CHARLIE,
    _person("amira", "Amira Haddad", 0.8, science=0.7),
    _person("ben", "Ben Olsen", -0.4, science=0.1),
    _person("chidi", "Chidi Eze", 0.3),
    _person("daria", "Daria Popescu", 1.2, science=1.1, per_week=12),
    _person("elif", "Elif Yıldız", 0.1, science=0.5),
    _person("femi", "Femi Balogun", -0.9, misconceptions=("adds-denominators", "part-to-part"), per_week=8),
    _person("grace", "Grace Kim", 1.6, science=1.3, per_week=12),
    _person("hugo", "Hugo Martin", -0.2),
    _person("ines", "Inês Carvalho", 0.6, science=0.2),
    _person("jamal", "Jamal Washington", 0.0, science=-0.3),
    _person("kaya", "Kaya Runningwater", 0.9),
    _person("liam", "Liam O’Connor", -1.3, misconceptions=("part-to-part",), per_week=7),
    _person("mei", "Mei Tanaka", 1.1, science=0.9),
    _person("nadia", "Nadia Kovalenko", 0.4, from_week=5),
    _person("omar", "Omar Farouk", -0.6, science=-0.8),
    _person("priya", "Priya Raman", 1.4, per_week=13),
    _person("quinn", "Quinn Taylor", -0.1, to_week=8),
    _person("rosa", "Rosa Jiménez", 0.5, science=0.6),
    _person("sven", "Sven Lindqvist", 0.2),
    _person("tala", "Tala Reyes", -0.7, per_week=8),
    _person("umar", "Umar Siddiqui", 0.7),
    _person("vera", "Vera Petrova", -0.3, science=0.0),
    _person("wanjiru", "Wanjirũ Kamau", 1.0),
    _person("xin", "Xin Li", 0.3, to_week=10),
    _person("yara", "Yara Costa", -1.1, per_week=9),
    _person("zoran", "Zoran Ilić", 0.0),
    _person("aroha", "Aroha Ngata", 0.6, science=0.8),
)
