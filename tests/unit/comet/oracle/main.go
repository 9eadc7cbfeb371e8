// Random light blocks and what CometBFT v0.38 says of them, one JSON object a line: the oracle of
// tests/unit/comet/oracle_test.cpp and the origin of tests/vectors/comet/random.jsonl.
//
//	go run . SEED COUNT
package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"math/rand"
	"os"
	"sort"
	"strconv"
	"strings"
	"time"

	"github.com/cometbft/cometbft/crypto/ed25519"
	cmtmath "github.com/cometbft/cometbft/libs/math"
	"github.com/cometbft/cometbft/light"
	cmtproto "github.com/cometbft/cometbft/proto/tendermint/types"
	cmtversion "github.com/cometbft/cometbft/proto/tendermint/version"
	"github.com/cometbft/cometbft/types"
)

type signer struct {
	key   ed25519.PrivKey
	power int64
}

type world struct{ *rand.Rand }

func (w world) bytes(n int) []byte {
	out := make([]byte, n)
	w.Read(out)
	return out
}

func (w world) signers(n int) []signer {
	out := make([]signer, n)
	for i := range out {
		out[i] = signer{ed25519.GenPrivKeyFromSecret(w.bytes(32)), w.power()}
	}
	return out
}

func (w world) power() int64 {
	if w.Intn(4) == 0 {
		return 1 + w.Int63n(int64(1)<<uint(1+w.Intn(55)))
	}
	return 1 + w.Int63n(5)
}

func (w world) someTime() time.Time {
	switch w.Intn(5) {
	case 0:
		return time.Unix(w.Int63n(4_000_000_000), 0).UTC()
	case 1:
		return time.Unix(-w.Int63n(60_000_000_000), w.Int63n(1_000_000_000)).UTC()
	default:
		return time.Unix(1_700_000_000+w.Int63n(1_000_000), w.Int63n(1_000_000_000)).UTC()
	}
}

func (w world) blockID(hash []byte) types.BlockID {
	return types.BlockID{Hash: hash, PartSetHeader: types.PartSetHeader{Total: 1 + uint32(w.Int31n(1<<uint(1+w.Intn(30)))), Hash: w.bytes(32)}}
}

func setOf(signers []signer) *types.ValidatorSet {
	set := &types.ValidatorSet{}
	for _, s := range signers {
		set.Validators = append(set.Validators, types.NewValidator(s.key.PubKey(), s.power))
	}
	sort.Sort(types.ValidatorsByVotingPower(set.Validators))
	set.Proposer = set.Validators[0]
	return set
}

// A block of `signers`, of whom each signs with this chance in percent.
func (w world) block(chain string, height int64, at time.Time, signers, next []signer, chance int) *types.LightBlock {
	set := setOf(signers)
	header := &types.Header{
		Version: cmtversion.Consensus{Block: 11, App: uint64(w.Intn(3))}, ChainID: chain, Height: height, Time: at,
		LastCommitHash: w.bytes(32), DataHash: w.bytes(32), ValidatorsHash: set.Hash(), NextValidatorsHash: setOf(next).Hash(),
		ConsensusHash: w.bytes(32), AppHash: w.bytes(w.Intn(3) * 32), LastResultsHash: w.bytes(32), EvidenceHash: w.bytes(32),
	}
	if height > 1 {
		header.LastBlockID = w.blockID(w.bytes(32))
	}
	set.Proposer = set.Validators[w.Intn(len(set.Validators))]
	header.ProposerAddress = set.Proposer.Address
	commit := &types.Commit{Height: height, Round: int32(w.Intn(3)), BlockID: w.blockID(header.Hash())}
	for range set.Validators {
		commit.Signatures = append(commit.Signatures, types.NewCommitSigAbsent())
	}
	for i, validator := range set.Validators {
		s := &commit.Signatures[i]
		if w.Intn(100) < chance {
			s.BlockIDFlag = types.BlockIDFlagCommit
		} else if w.Intn(2) == 0 {
			s.BlockIDFlag = types.BlockIDFlagNil
		} else {
			continue
		}
		s.ValidatorAddress, s.Timestamp = validator.Address, w.someTime()
		for _, each := range signers {
			if each.key.PubKey().Equals(validator.PubKey) {
				s.Signature, _ = each.key.Sign(commit.VoteSignBytes(chain, int32(i)))
			}
		}
	}
	return &types.LightBlock{SignedHeader: &types.SignedHeader{Header: header, Commit: commit}, ValidatorSet: set}
}

func encoded(block *types.LightBlock) []byte {
	pb, err := block.ToProto()
	if err != nil {
		panic(err)
	}
	out, err := pb.Marshal()
	if err != nil {
		panic(err)
	}
	read := new(cmtproto.LightBlock)
	if err := read.Unmarshal(out); err != nil {
		panic(err)
	}
	if again, err := types.LightBlockFromProto(read); err != nil || !bytes.Equal(again.Hash(), block.Hash()) {
		panic(fmt.Sprint("its own encoding is not read again: ", err))
	}
	return out
}

type line struct {
	Trusted        string   `json:"trusted"`
	Block          string   `json:"block"`
	HeaderHash     string   `json:"header_hash"`
	ValidatorsHash string   `json:"validators_hash"`
	SignBytes      []string `json:"sign_bytes"` // empty where absent
	Now            [2]int64 `json:"now"`
	Period         int64    `json:"period_s"`
	Drift          int64    `json:"drift_s"`
	Level          [2]int64 `json:"level"`
	CommitHolds    bool     `json:"commit_holds"`
	Verdict        string   `json:"verdict"` // of light.Verify: "valid", "no trust", or why not
}

func (w world) line() line {
	chain := fmt.Sprintf("chain-%x", w.bytes(1+w.Intn(20)))
	first := w.signers(1 + w.Intn(9))
	next := append([]signer{}, first...)
	for i := range next { // some go, some change, some come
		switch w.Intn(6) {
		case 0:
			next[i] = w.signers(1)[0]
		case 1:
			next[i].power = w.power()
		}
	}
	if w.Intn(3) == 0 {
		next = first
	}
	then := time.Unix(1_700_000_000+w.Int63n(1_000_000), w.Int63n(1_000_000_000)).UTC()
	height := 1 + w.Int63n(int64(1)<<uint(1+w.Intn(40)))
	trusted := w.block(chain, height, then, first, next, 90)
	signers, distance := next, int64(1)
	if w.Intn(2) == 0 {
		distance += 1 + w.Int63n(1000)
		for i := range signers {
			if w.Intn(3) == 0 {
				signers = append(append([]signer{}, signers[:i]...), append(w.signers(1), signers[i+1:]...)...)
			}
		}
	}
	at := then.Add(time.Duration(w.Int63n(int64(time.Hour))))
	if w.Intn(12) == 0 {
		at = then.Add(-time.Duration(w.Int63n(2)))
	}
	if w.Intn(12) == 0 {
		chain += "x"
	}
	if w.Intn(12) == 0 {
		distance = -w.Int63n(height)
	}
	if w.Intn(12) == 0 {
		signers = w.signers(4)
	}
	block := w.block(chain, height+distance, at, signers, w.signers(2), []int{100, 100, 80, 65}[w.Intn(4)])
	out := line{Period: 3600 * int64(1+w.Intn(24)), Drift: int64(w.Intn(20)), Level: [2]int64{1, 3}}
	if w.Intn(3) == 0 {
		out.Level = [2]int64{2, 3}
	}
	now := at.Add(time.Duration(w.Int63n(int64(time.Hour))))
	switch w.Intn(12) {
	case 0:
		now = then.Add(time.Duration(out.Period) * time.Second).Add(-time.Duration(w.Int63n(3) - 1))
	case 1:
		now = at.Add(-time.Duration(out.Drift) * time.Second).Add(time.Duration(w.Int63n(3) - 1))
	}
	out.Now = [2]int64{now.Unix(), int64(now.Nanosecond())}
	out.Trusted, out.Block = fmt.Sprintf("%x", encoded(trusted)), fmt.Sprintf("%x", encoded(block))
	out.HeaderHash, out.ValidatorsHash = fmt.Sprintf("%x", []byte(block.Hash())), fmt.Sprintf("%x", block.ValidatorSet.Hash())
	for i, s := range block.Commit.Signatures {
		text := ""
		if s.BlockIDFlag != types.BlockIDFlagAbsent {
			text = fmt.Sprintf("%x", block.Commit.VoteSignBytes(block.ChainID, int32(i)))
		}
		out.SignBytes = append(out.SignBytes, text)
	}
	out.CommitHolds = types.VerifyCommit(block.ChainID, block.ValidatorSet, block.Commit.BlockID, block.Height, block.Commit) == nil
	err := light.Verify(trusted.SignedHeader, trusted.ValidatorSet, block.SignedHeader, block.ValidatorSet,
		time.Duration(out.Period)*time.Second, now, time.Duration(out.Drift)*time.Second,
		cmtmath.Fraction{Numerator: uint64(out.Level[0]), Denominator: uint64(out.Level[1])})
	switch err.(type) {
	case nil:
		out.Verdict = "valid"
	case light.ErrNewValSetCantBeTrusted:
		out.Verdict = "no trust"
	default:
		out.Verdict = strings.SplitN(err.Error(), " (", 2)[0]
	}
	return out
}

func main() {
	seed, _ := strconv.ParseInt(os.Args[1], 10, 64)
	count, _ := strconv.Atoi(os.Args[2])
	w := world{rand.New(rand.NewSource(seed))}
	out := json.NewEncoder(os.Stdout)
	for i := 0; i < count; i++ {
		if err := out.Encode(w.line()); err != nil {
			panic(err)
		}
	}
}
