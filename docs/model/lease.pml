/*
 * Hold, lease and settlement with two nodes, one store and a network that loses and repeats: what a node may do with money that was lent
 * to it, whatever crashes and whenever. Promela, for Spin 6.5. `bin/drover-node docs/model/check.ts` checks it and its mutants.
 *
 * A node borrows, writes a call into its journal before it goes upstream, tells the store what it cost until the store has answered, and
 * only then forgets it. After a crash it reports what its journal has before it gives back what it had borrowed. The store may abandon a
 * lease at any time: what is reported of it later is the operator's loss, and not the customer's.
 *
 * Every call costs one. What is checked after each step of the store: money is neither made nor lost, the account is never below zero, no
 * call ends twice, and nothing is the operator's loss unless a lease was abandoned. In the end: every call that went upstream has ended,
 * journals are empty, and nothing is lent.
 */

#ifndef CREDIT
#define CREDIT 3
#endif
#ifndef CALLS
#define CALLS 4
#endif
#define NODES 2
#define LOAN 2
/* How often each fault may happen. */
#ifndef CRASHES
#define CRASHES 2
#endif
#ifndef LOSSES
#define LOSSES 2
#endif
#ifndef IMPATIENCE
#define IMPATIENCE 1
#endif
#ifndef ABANDONS
#define ABANDONS 1
#endif

#define OPEN 0
#define SETTLED 1
#define VOIDED 2

mtype = { borrow, draw, leave, give_back };

/* Kind, call, and the lease that it is about. */
chan up[NODES] = [4] of { mtype, byte, byte };
/* Kind of what is answered, call, amount. */
chan down[NODES] = [4] of { mtype, byte, byte };

/* The store. */
short free = CREDIT;
short charged = 0;
short loss = 0;
short lent[NODES];
byte lease[NODES];
bool isOpen[NODES];
byte state[CALLS];
byte ends[CALLS];
bool wasAbandoned = false;

/* What is on the disks of the nodes, and in the world. */
bool kept[CALLS];
bool proven[CALLS];
byte heldBy[CALLS];
byte drawnFrom[CALLS];
bool begun[CALLS];
byte nextLease = 1;
byte nextCall = 0;

byte crashes = CRASHES;
byte losses = LOSSES;
byte impatience = IMPATIENCE;
byte abandons = ABANDONS;
bool crash[NODES];
bool done[NODES];

inline booksHold() {
  assert(free >= 0 && lent[0] >= 0 && lent[1] >= 0);
  assert(free + lent[0] + lent[1] + charged == CREDIT);
  assert(wasAbandoned || loss == 0)
}

inline endCall(c, how) {
  state[c] = how;
  ends[c]++;
  assert(ends[c] == 1)
}

inline reply(n, kind, c, amount) {
  if
  :: nfull(down[n]) -> down[n]!kind(c, amount)
  :: full(down[n]) -> skip
  :: losses > 0 -> losses--
  fi
}

/* One transaction. */
inline carryOut() {
  if
  :: kind == borrow ->
     if
     /* Repeated: the same lease. One that has ended stays ended. */
     :: lease[n] == id -> skip
     :: lease[n] != id && !isOpen[n] ->
        lease[n] = id;
        if
        :: free >= LOAN -> lent[n] = LOAN
        :: else -> lent[n] = free
        fi;
        free = free - lent[n];
        isOpen[n] = true
     :: else -> skip
     fi;
     booksHold();
     if
     :: lease[n] == id && isOpen[n] -> reply(n, borrow, id, lent[n])
     :: else -> reply(n, borrow, id, 0)
     fi
  :: kind == draw ->
     if
#ifndef MUTANT_SETTLES_TWICE
     :: state[c] != OPEN -> skip
     :: state[c] == OPEN && isOpen[n] && lease[n] == id && lent[n] > 0 ->
#else
     :: isOpen[n] && lease[n] == id && lent[n] > 0 ->
#endif
        lent[n]--; charged++; endCall(c, SETTLED)
     :: else ->
#ifdef MUTANT_LATE_IS_CHARGED
        free--; charged++;
#else
        loss++;
#endif
        endCall(c, SETTLED)
     fi;
     booksHold();
     reply(n, draw, c, 0)
  :: kind == leave ->
     if
     :: state[c] != OPEN -> skip
     :: else -> endCall(c, VOIDED)
     fi;
     reply(n, leave, c, 0)
  :: kind == give_back ->
     /* Of the lease that it names, or (0) of whichever the node had. */
     if
     :: isOpen[n] && (id == 0 || lease[n] == id) -> free = free + lent[n]; lent[n] = 0; isOpen[n] = false
     :: else -> skip
     fi;
     booksHold();
     reply(n, give_back, 0, 0)
  fi
}

inline abandon() {
  abandons--;
  wasAbandoned = true;
  free = free + lent[n]; lent[n] = 0; isOpen[n] = false;
  booksHold()
}

proctype Store() {
  byte n, c, id;
  mtype kind;
  end: do
  :: atomic { up[0]?kind(c, id) -> n = 0; carryOut(); n = 0; c = 0; id = 0; kind = 0 }
  :: atomic { up[1]?kind(c, id) -> n = 1; carryOut(); n = 0; c = 0; id = 0; kind = 0 }
  :: atomic { abandons > 0 && isOpen[0] -> n = 0; abandon(); n = 0 }
  :: atomic { abandons > 0 && isOpen[1] -> n = 1; abandon(); n = 0 }
  od
}

inline say(kind, c, id) {
  if
  :: up[n]!kind(c, id)
  :: losses > 0 -> losses--
  fi
}

/* Says it until it was answered: again where nothing is under way any more, which is to say that it, or its answer, was lost; or out of impatience. */
inline tell(kind, c, id) {
  do
  :: atomic { down[n]?said, heard, amount ->
       if
       :: said == kind && heard == c -> said = 0; heard = 0; break
       :: else -> skip
       fi }
  :: atomic { empty(down[n]) && empty(up[n]) -> say(kind, c, id) }
  :: atomic { impatience > 0 && nempty(up[n]) -> impatience--; say(kind, c, id) }
  od
}

proctype Node(byte n) {
  byte left, mine, c, heard, amount;
  mtype said;
restart:
  {
    left = 0; mine = 0; said = 0; heard = 0; amount = 0;
    do
    :: nempty(down[n]) -> down[n]?_, _, _
    :: empty(down[n]) -> break
    od;
#ifdef MUTANT_RETURNS_BEFORE_IT_REPORTS
    tell(give_back, 0, 0);
#endif
    c = 0;
    do
    :: c < CALLS && kept[c] && heldBy[c] == n ->
       if
       :: proven[c] -> tell(draw, c, drawnFrom[c])
       :: else -> tell(leave, c, 0)
       fi;
       kept[c] = false; c++
    :: c < CALLS && !(kept[c] && heldBy[c] == n) -> c++
    :: c == CALLS -> break
    od;
    tell(give_back, 0, 0);
    do
    :: nextCall < CALLS && left == 0 && mine == 0 ->
       atomic { mine = nextLease; nextLease++ };
       tell(borrow, mine, mine);
       left = amount; amount = 0;
       if
       :: left == 0 -> break
       :: else -> skip
       fi
#ifdef MUTANT_JOURNALS_TOO_LATE
    :: atomic { nextCall < CALLS && left > 0 -> c = nextCall; nextCall++; begun[c] = true };
       atomic { kept[c] = true; heldBy[c] = n; drawnFrom[c] = mine };
#else
    :: atomic { nextCall < CALLS && left > 0 -> c = nextCall; nextCall++; kept[c] = true; heldBy[c] = n; drawnFrom[c] = mine };
       begun[c] = true;
#endif
       left--;
       proven[c] = true;
#ifdef MUTANT_FORGETS_TOO_EARLY
       kept[c] = false;
#endif
       tell(draw, c, mine);
       kept[c] = false
    :: left == 0 && mine != 0 ->
       tell(give_back, 0, mine); mine = 0
    :: nextCall >= CALLS -> break
    od;
    tell(give_back, 0, 0);
    done[n] = true;
    goto over
  } unless {
    atomic { crash[n] -> crash[n] = false }
  };
  goto restart;
over: skip
}

/* Pulls the plug of either node, whenever it likes. */
proctype Demon() {
  end: do
  :: atomic { crashes > 0 && !done[0] -> crashes--; crash[0] = true }
  :: atomic { crashes > 0 && !done[1] -> crashes--; crash[1] = true }
  od
}

proctype Judge() {
  byte c = 0;
  atomic {
    done[0] && done[1] && empty(up[0]) && empty(up[1]) && !crash[0] && !crash[1] ->
    do
    :: c < CALLS ->
       assert(!begun[c] || state[c] != OPEN);
       assert(!kept[c]);
       c++
    :: c == CALLS -> break
    od;
    assert(free + charged == CREDIT)
  }
}

init {
  atomic {
    run Store();
    run Node(0);
    run Node(1);
    run Demon();
    run Judge()
  }
}
