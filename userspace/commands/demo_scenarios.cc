// SPDX-License-Identifier: MIT
#include "commands/demo_scenarios.h"

#include <array>

namespace tcptwin::commands {
namespace {

using Kind = DemoStage::Kind;
using model::State;
using enum Side;

constexpr std::string_view kNothingDone = "Every packet passes.";

Steps operator+(Steps first, const Steps& more) {
  first.insert(first.end(), more.begin(), more.end());
  return first;
}

Steps opened() {
  return {"CLOSE -> SYN_SENT active_open conformant",
          "SYN_SENT -> ESTABLISHED synack_accepted conformant"};
}
Steps received() {
  return {"LISTEN -> NEW_SYN_RECV syn_received conformant",
          "NEW_SYN_RECV -> SYN_RECV child_from_request deviation L12",
          "SYN_RECV -> ESTABLISHED handshake_ack_accepted conformant"};
}
Steps shut_down_first() {
  return {"ESTABLISHED -> FIN_WAIT1 local_shutdown conformant",
          "FIN_WAIT1 -> FIN_WAIT2 fin_acked conformant",
          "FIN_WAIT2 -> TIME_WAIT time_wait_entered conformant"};
}
Steps closed_last() {
  return {"ESTABLISHED -> CLOSE_WAIT fin_received conformant",
          "CLOSE_WAIT -> LAST_ACK local_close_after_fin conformant",
          "LAST_ACK -> CLOSE last_ack_received conformant"};
}

void open_connection(DemoStage& stage) {
  stage.listen();
  stage.connect(Client, kServerPort);
  stage.accept();
  stage.await(Client, State::Established);
}

// The client has closed its direction, and knows that the server knows.
void half_close(DemoStage& stage) {
  stage.shut_down(Client);
  stage.expect_end(Server);
  stage.await(Client, State::FinWait2);
}

ExpectedSteps expect_handshake() {
  return {opened(), received()};
}

void play_data(DemoStage& stage) {
  open_connection(stage);
  stage.send(Client, "What is lost?");
  stage.expect_text(Server, "What is lost?");
  stage.send(Server, "Nothing, in the end.");
  stage.stop(Server, Kind::Text);
  stage.expect_text(Client, "Nothing, in the end.");
  half_close(stage);
  stage.shut_down(Server);
  stage.await(Server, State::Closed);
}

ExpectedSteps expect_close_by_client() {
  return {opened() + shut_down_first(), received() + closed_last()};
}

void play_half_close(DemoStage& stage) {
  open_connection(stage);
  stage.send(Client, "All that I have to say.");
  stage.expect_text(Server, "All that I have to say.");
  half_close(stage);
  stage.send(Server, "But I have not finished.");
  stage.expect_text(Client, "But I have not finished.");
  stage.shut_down(Server);
  stage.await(Server, State::Closed);
}

void play_four_way_close(DemoStage& stage) {
  open_connection(stage);
  stage.close(Client);
  stage.carry(Client, Kind::Fin);
  stage.carry(Server, Kind::Ack);
  stage.expect_end(Server);
  stage.close(Server);
  stage.carry(Server, Kind::Fin);
  stage.carry(Client, Kind::Ack);
}

ExpectedSteps expect_four_way_close() {
  return {opened() + Steps{"ESTABLISHED -> FIN_WAIT1 local_close conformant",
                           "FIN_WAIT1 -> FIN_WAIT2 fin_acked conformant",
                           "FIN_WAIT2 -> FIN_WAIT2(minisocket) orphan_fin_wait2_handover deviation "
                           "L03",
                           "FIN_WAIT2(minisocket) -> TIME_WAIT time_wait_entered conformant"},
          received() + closed_last(), ExpectedSteps{}.listener, true};
}

void play_simultaneous_close(DemoStage& stage) {
  open_connection(stage);
  stage.shut_down(Client);
  const auto fin_of_client = stage.stop(Client, Kind::Fin);
  stage.shut_down(Server);
  const auto fin_of_server = stage.stop(Server, Kind::Fin);
  stage.deliver(fin_of_client);
  stage.deliver(fin_of_server);
  stage.await(Client, State::TimeWait);
  stage.await(Server, State::TimeWait);
}

ExpectedSteps expect_simultaneous_close() {
  const Steps closed = {"ESTABLISHED -> FIN_WAIT1 local_shutdown conformant",
                        "FIN_WAIT1 -> CLOSING fin_received_before_ack conformant",
                        "CLOSING -> TIME_WAIT time_wait_entered conformant"};
  return {opened() + closed, received() + closed};
}

void play_simultaneous_open(DemoStage& stage) {
  stage.connect(Client, kServerPort);
  const auto syn_of_client = stage.stop(Client, Kind::Syn);
  stage.connect(Server, kClientPort);
  const auto syn_of_server = stage.stop(Server, Kind::Syn);
  stage.deliver(syn_of_client);
  stage.deliver(syn_of_server);
  stage.await(Client, State::Established);
  stage.await(Server, State::Established);
}

ExpectedSteps expect_simultaneous_open() {
  const Steps steps = {"CLOSE -> SYN_SENT active_open conformant",
                       "SYN_SENT -> SYN_RECV simultaneous_open conformant",
                       "SYN_RECV -> ESTABLISHED handshake_ack_accepted conformant"};
  return {steps, steps, {}};
}

void play_refused(DemoStage& stage) {
  stage.connect(Client, kClosedPort);
  stage.carry(Client, Kind::Syn);
  stage.expect_failure(Client);
}

ExpectedSteps expect_refused() {
  return {{"CLOSE -> SYN_SENT active_open conformant", "SYN_SENT -> CLOSE rst_received conformant"},
          {},
          {}};
}

void play_reset(DemoStage& stage) {
  open_connection(stage);
  stage.send(Client, "Forget it.");
  stage.expect_text(Server, "Forget it.");
  stage.carry(Server, Kind::Ack);
  stage.abort(Client);
  stage.carry(Client, Kind::Rst);
  stage.expect_failure(Server);
}

ExpectedSteps expect_reset() {
  return {opened() + Steps{"ESTABLISHED -> CLOSE linger0_abort conformant"},
          received() + Steps{"ESTABLISHED -> CLOSE rst_received conformant"}};
}

void play_old_duplicate_syn(DemoStage& stage) {
  stage.listen();
  stage.connect(Client, kServerPort);
  const auto old_syn = stage.stop(Client, Kind::Syn);
  stage.accept();
  stage.await(Client, State::Established);
  stage.abort(Client);
  stage.carry(Client, Kind::Rst);
  stage.expect_failure(Server);
  stage.deliver(old_syn);
  stage.carry(Server, Kind::SynAck);
  stage.carry(Client, Kind::Rst);
}

ExpectedSteps expect_old_duplicate_syn() {
  return {expect_reset().client,
          expect_reset().server + Steps{"LISTEN -> NEW_SYN_RECV syn_received conformant",
                                        "NEW_SYN_RECV -> CLOSE request_dropped conformant"}};
}

void play_lost_last_ack(DemoStage& stage) {
  open_connection(stage);
  half_close(stage);
  stage.shut_down(Server);
  stage.carry(Server, Kind::Fin);
  stage.stop(Client, Kind::Ack);
  stage.carry(Server, Kind::Fin);
  stage.carry(Client, Kind::Ack);
  stage.await(Server, State::Closed);
}

void play_half_open(DemoStage& stage) {
  open_connection(stage);
  stage.abort(Server);
  stage.stop(Server, Kind::Rst);
  stage.send(Client, "Are you still there?");
  stage.carry(Client, Kind::Text);
  stage.carry(Server, Kind::Rst);
  stage.expect_failure(Client);
}

ExpectedSteps expect_half_open() {
  return {opened() + Steps{"ESTABLISHED -> CLOSE rst_received conformant"},
          received() + Steps{"ESTABLISHED -> CLOSE linger0_abort conformant"}};
}

constexpr std::array kScenarios = {
    DemoScenario{
        "handshake", "three segments open a connection",
        "The client calls connect(): its SYN says where its sequence numbers begin and offers its "
        "options. The server answers SYN+ACK and keeps the half-open connection in a request "
        "socket, NEW_SYN_RECV, which the kernel's own tracepoint never shows. The client's ACK, "
        "the third segment, makes the server's end ESTABLISHED as well.",
        kNothingDone, expect_handshake, open_connection},
    DemoScenario{
        "data", "what is lost is sent again, and no state changes",
        "The client asks, the server answers, and the answer is lost. No ACK comes, so the server "
        "sends it once more. Between ESTABLISHED and the first FIN nothing that data does "
        "changes a state. The client closes first, so TIME_WAIT is on its side.",
        "The wire loses the first copy of the answer.", expect_close_by_client, play_data},
    DemoScenario{
        "half-close", "one direction is closed, the other still carries data",
        "The client has nothing more to say and shuts its direction down with a FIN. In FIN_WAIT2 "
        "it still listens, and the server, in CLOSE_WAIT, still sends. Only when the server "
        "closes too is the connection over.",
        kNothingDone, expect_close_by_client, play_half_close},
    DemoScenario{
        "four-way-close", "FIN and ACK, once in each direction",
        "Both programs call close(), the client first. Its end is an orphan then: nobody can read "
        "from it any more, so Linux keeps its FIN_WAIT2 in a minisocket (deviation L03). The "
        "server's FIN leads it to TIME_WAIT, and the ACK of that one ends the server's end.",
        kNothingDone, expect_four_way_close, play_four_way_close},
    DemoScenario{
        "simultaneous-close", "both send their FIN before either has the other's",
        "Each end has sent its FIN and waits for the ACK, but what comes is the other's FIN. "
        "FIN_WAIT1 does not lead to FIN_WAIT2 then, but to CLOSING. The ACKs lead both ends to "
        "TIME_WAIT.",
        "The wire holds both FINs back until both are under way.", expect_simultaneous_close,
        play_simultaneous_close},
    DemoScenario{
        "simultaneous-open", "both call connect(), and nobody listens",
        "Two SYNs cross. Each end is in SYN_SENT and gets a bare SYN instead of SYN+ACK: it goes "
        "to SYN_RECV and answers SYN+ACK. One connection comes of it, not two, and neither end is "
        "a server.",
        "The wire holds both SYNs back until both are under way.", expect_simultaneous_open,
        play_simultaneous_open},
    DemoScenario{
        "refused", "nobody listens at that port",
        "The client calls connect(), but the port is closed. The server's kernel answers "
        "the SYN with a RST that acknowledges it, and connect() fails: connection refused. "
        "No socket of the server is involved.",
        kNothingDone, expect_refused, play_refused},
    DemoScenario{"reset", "one end aborts",
                 "The client closes with SO_LINGER set to 0. That is RFC 9293's ABORT: a RST "
                 "instead of a FIN, no TIME_WAIT, and whatever is still under way is thrown away. "
                 "The server's next call fails: connection reset by peer.",
                 kNothingDone, expect_reset, play_reset},
    DemoScenario{
        "old-duplicate-syn", "a SYN that comes when its connection is long over",
        "The client's SYN loiters, and after a second the client sends it again. That copy opens a "
        "connection, which is soon over. Now the first copy arrives. The server cannot know that "
        "it is old and answers SYN+ACK; the client wants no connection and answers RST. Without "
        "the third segment the server would now have a connection that nobody wants.",
        "The wire holds the first SYN back until the connection has gone.",
        expect_old_duplicate_syn, play_old_duplicate_syn},
    DemoScenario{
        "lost-last-ack", "why there is TIME_WAIT",
        "The client closes first and has acknowledged the server's FIN, but that last ACK is lost. "
        "The server sends its FIN again. The client's end is in TIME_WAIT, which is just what it "
        "is "
        "for: it answers with another ACK, and the server's end closes in order. Without TIME_WAIT "
        "the answer would be RST.",
        "The wire loses the client's last ACK.", expect_close_by_client, play_lost_last_ack},
    DemoScenario{
        "half-open", "one end has lost its state, the other does not know",
        "The server's end is gone, as if its host had lost power, and the client has heard nothing "
        "of it. For the client the connection is ESTABLISHED, until it sends: the server's kernel "
        "knows no such connection and answers RST.",
        "The server aborts, and the wire loses its RST.", expect_half_open, play_half_open},
};

}  // namespace

std::span<const DemoScenario> demo_scenarios() {
  return kScenarios;
}

}  // namespace tcptwin::commands
