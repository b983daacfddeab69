// SPDX-License-Identifier: MIT
#include "sinks/diagram_figure.h"

namespace tcptwin::sinks {
namespace {

using enum model::State;
using S = model::Stimulus;
using enum Aligned;

constexpr int kLeft = 1;
constexpr int kMiddle = 32;
constexpr int kRight = 63;

constexpr std::array kBoxes = {
    FigureBox{Closed, {kMiddle, 0}},       FigureBox{Listen, {kMiddle, 8}},
    FigureBox{SynReceived, {kLeft, 15}},   FigureBox{SynSent, {kRight, 15}},
    FigureBox{Established, {kMiddle, 22}}, FigureBox{FinWait1, {kLeft, 29}},
    FigureBox{CloseWait, {kRight, 29}},    FigureBox{FinWait2, {kLeft, 37}},
    FigureBox{Closing, {kMiddle, 37}},     FigureBox{LastAck, {kRight, 37}},
    FigureBox{TimeWait, {kMiddle, 45}},    FigureBox{Closed, {kRight, 45}},
};

// clang-format off
constexpr std::array kArrows = {
    FigureArrow{Closed, Listen, {S::PassiveOpen, S::PassiveOpen}, "passive OPEN", {34, 5}, {34, 6}, Right,
                {{{36, 4}, {36, 7}}}, 2},
    FigureArrow{Listen, Closed, {S::Close, S::Abort}, "CLOSE, ABORT", {45, 5}, {45, 6}, Left,
                {{{43, 7}, {43, 4}}}, 2},
    FigureArrow{Closed, SynSent, {S::ActiveOpen, S::ActiveOpen}, "active OPEN", {67, 4}, {67, 5}, Right,
                {{{48, 2}, {69, 2}, {69, 14}}}, 3},
    FigureArrow{SynSent, Closed, {S::Close, S::Abort}, "CLOSE, ABORT", {50, 0}, {63, 0}, Left,
                {{{75, 14}, {75, 1}, {48, 1}}}, 3},
    FigureArrow{Listen, SynSent, {S::ActiveOpen, S::Send}, "active OPEN, SEND", {50, 8}, {50, 10}, Left,
                {{{48, 9}, {65, 9}, {65, 14}}}, 3},
    FigureArrow{Listen, SynReceived, {S::Syn, S::Syn}, "SYN", {17, 11}, {21, 11}, Left,
                {{{31, 10}, {14, 10}, {14, 14}}}, 3},
    FigureArrow{SynReceived, Listen, {S::Rst, S::Syn}, "RST, SYN", {6, 8}, {15, 8}, Left,
                {{{4, 14}, {4, 9}, {31, 9}}}, 3},
    FigureArrow{SynSent, SynReceived, {S::Syn, S::Syn}, "SYN (they cross)", {31, 16}, {48, 16}, Left,
                {{{62, 17}, {17, 17}}}, 2},
    FigureArrow{SynSent, Established, {S::SynAck, S::SynAck}, "SYN+ACK", {68, 21}, {68, 22}, Right,
                {{{70, 19}, {70, 23}, {48, 23}}}, 3},
    FigureArrow{SynReceived, Established, {S::Ack, S::SynAck}, "ACK, SYN+ACK", {12, 21}, {12, 22}, Left,
                {{{10, 19}, {10, 23}, {31, 23}}}, 3},
    FigureArrow{SynReceived, FinWait1, {S::Close, S::Close}, "CLOSE", {5, 25}, {5, 26}, Left,
                {{{3, 19}, {3, 28}}}, 2},
    FigureArrow{Established, FinWait1, {S::Close, S::Close}, "CLOSE", {34, 26}, {28, 26}, Right,
                {{{36, 26}, {36, 27}, {13, 27}, {13, 28}}}, 4},
    FigureArrow{Established, CloseWait, {S::Fin, S::Fin}, "FIN", {45, 26}, {49, 26}, Left,
                {{{43, 26}, {43, 27}, {70, 27}, {70, 28}}}, 4},
    FigureArrow{FinWait1, FinWait2, {S::AckOfFin, S::AckOfFin}, "ACK of our FIN", {6, 34}, {6, 35}, Left,
                {{{4, 33}, {4, 36}}}, 2},
    FigureArrow{FinWait1, Closing, {S::FinBeforeAckOfFin, S::FinBeforeAckOfFin}, "FIN (they cross)", {42, 30}, {42, 31}, Left,
                {{{17, 30}, {40, 30}, {40, 36}}}, 3},
    FigureArrow{FinWait1, TimeWait, {S::Fin, S::Fin}, "FIN+ACK", {22, 42}, {22, 43}, Right,
                {{{17, 31}, {24, 31}, {24, 46}, {31, 46}}}, 4},
    FigureArrow{FinWait2, TimeWait, {S::Fin, S::Fin}, "FIN", {10, 46}, {10, 48}, Left,
                {{{8, 41}, {8, 47}, {31, 47}}}, 3},
    FigureArrow{Closing, TimeWait, {S::AckOfFin, S::AckOfFin}, "ACK of our FIN", {42, 43}, {42, 44}, Left,
                {{{40, 41}, {40, 44}}}, 2},
    FigureArrow{CloseWait, LastAck, {S::Close, S::Close}, "CLOSE", {68, 34}, {68, 35}, Right,
                {{{70, 33}, {70, 36}}}, 2},
    FigureArrow{LastAck, Closed, {S::AckOfFin, S::AckOfFin}, "ACK of our FIN", {69, 42}, {69, 43}, Right,
                {{{70, 41}, {70, 44}}}, 2},
    FigureArrow{TimeWait, Closed, {S::TimeWaitTimeout, S::TimeWaitTimeout}, "2MSL time-out", {49, 46}, {49, 48}, Left,
                {{{48, 47}, {62, 47}}}, 2},
};
// clang-format on

}  // namespace

std::span<const FigureBox> figure_boxes() {
  return kBoxes;
}

std::span<const FigureArrow> figure_arrows() {
  return kArrows;
}

}  // namespace tcptwin::sinks
